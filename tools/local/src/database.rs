//! The DynamoDB of the stack: the embedded one, or an external one.

use std::{
    io::{self, ErrorKind},
    net::Ipv4Addr,
    path::PathBuf,
};

use aws_sdk_dynamodb::Client;
use shared::{
    runtime::Clients,
    settings::Settings,
    store::{SettingsItem, SettingsTable},
};
use stack::{DynamoDb, Location, Template, new_private_file, sdk, tables};
use tokio::{sync::watch, task::JoinHandle};

use crate::{Options, Secret, StartError, embedded, listen, local_address, private, shutdown_signal};

/// The DynamoDB of a stack.
#[derive(Debug)]
pub struct Database {
    dynamodb: DynamoDb,
    file: Option<PathBuf>,
    /// The embedded server, unless the DynamoDB is external.
    embedded: Option<Embedded>,
    /// Whether missing tables are created.
    creates: bool,
}

/// Where the rate limits of logins, registrations and changes of a profile come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limits {
    /// From a new settings item, which effectively switches them off.
    Lifted,
    /// From the existing settings item, or the defaults if there is none. Nothing was written.
    AsTheyAre,
}

#[derive(Debug)]
struct Embedded {
    stop: watch::Sender<bool>,
    server: JoinHandle<io::Result<()>>,
}

impl Database {
    /// Starts the embedded DynamoDB, unless the options name another.
    ///
    /// # Errors
    /// [`StartError::Listen`] or [`StartError::Folder`].
    pub async fn start(options: &Options) -> Result<Self, StartError> {
        if let Some(url) = &options.dynamodb_endpoint {
            if !options.in_memory {
                // For the secret.
                private::folder(&options.data_dir).map_err(|error| StartError::folder(&options.data_dir, error))?;
            }
            return Ok(Self::at(url));
        }
        // On this machine only, wherever the API listens: it does not check who calls.
        let listener = listen(Ipv4Addr::LOCALHOST.into(), options.dynamodb_port, "--dynamodb-port")?;
        let url = format!("http://{}", local_address(&listener)?);
        let (database, file) = open(options)?;
        let (stop, stopped) = watch::channel(false);
        let server = tokio::spawn(embedded::serve(listener, database, shutdown_signal(stopped)));
        Ok(Self { dynamodb: DynamoDb::at(&url), file, embedded: Some(Embedded { stop, server }), creates: true })
    }

    /// The DynamoDB at this URL. Missing tables are created if it is clearly local.
    pub fn at(url: &str) -> Self {
        let dynamodb = DynamoDb::at(url);
        let creates = dynamodb.location() == Location::Local;
        Self { dynamodb, file: None, embedded: None, creates }
    }

    /// The same, with missing tables created anywhere but at AWS.
    #[must_use]
    pub fn creating(self) -> Self {
        Self { creates: self.dynamodb.location() != Location::Aws, ..self }
    }

    /// Its URL.
    pub fn url(&self) -> &str {
        self.dynamodb.url()
    }

    /// The file with its data, if there is one.
    pub fn file(&self) -> Option<&PathBuf> {
        self.file.as_ref()
    }

    /// Prepares it for a service: creates missing tables where that is allowed, and lifts the rate limits in the embedded one and
    /// in a settings table that was created now, unless there is a settings item. Nothing else is written.
    ///
    /// # Errors
    /// [`StartError::Stack`] when DynamoDB fails, or a table is missing that must not be created.
    pub async fn prepare(&self, template: &Template, settings_table: &str) -> Result<Limits, StartError> {
        let client = self.client().await;
        let created = if self.creates {
            tables::create_missing(&client, self.url(), template).await?
        } else {
            tables::require(&client, self.url(), template).await?;
            Vec::new()
        };
        let is_ours = self.embedded.is_some() || created.iter().any(|name| name == settings_table);
        let settings = SettingsTable::new(client, settings_table.into());
        if !is_ours || settings.read().await?.is_some() {
            return Ok(Limits::AsTheyAre);
        }
        settings.write_if_missing(SettingsItem::new(&Settings::default().without_limits())).await?;
        Ok(Limits::Lifted)
    }

    /// The AWS clients of a service that uses it and has its secret there.
    pub async fn clients(&self, secret: &Secret) -> Clients {
        let settings = match secret {
            Secret::SecretsManager(_) => sdk::environment_or_placeholders(),
            // It is never called.
            _ => sdk::local(|_| None),
        };
        let secrets_manager = aws_sdk_secretsmanager::Client::new(&settings.load().await);
        Clients { dynamodb: self.client().await, secrets_manager }
    }

    /// A client of it.
    pub async fn client(&self) -> Client {
        self.dynamodb.client().await
    }

    /// Stops the embedded DynamoDB.
    pub async fn stop(self) {
        if let Some(Embedded { stop, server }) = self.embedded {
            let _ = stop.send(true);
            let _ = server.await;
        }
    }
}

fn open(options: &Options) -> Result<(dynoxide::Database, Option<PathBuf>), StartError> {
    let folder = |error: &dyn ToString| StartError::folder(&options.data_dir, error.to_string());
    if options.in_memory {
        return Ok((dynoxide::Database::memory().map_err(|error| folder(&error))?, None));
    }
    private::folder(&options.data_dir).map_err(|error| folder(&error))?;
    let file = options.data_dir.join(private::DATABASE);
    // SQLite takes an empty file for a new database, and gives its mode to the files beside it.
    match new_private_file(&file) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(folder(&error)),
        _ => {}
    }
    let database = dynoxide::Database::new(&file.to_string_lossy()).map_err(|error| folder(&error))?;
    Ok((database, Some(file)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_missing_table_that_must_not_be_created_is_named_and_nothing_is_written() {
        let embedded = Database::start(&Options::for_tests()).await.unwrap();
        let external = Database { creates: false, ..Database::at(embedded.url()) };
        let template = Template::read().unwrap().with_table_names(|name| Some(format!("stack-{name}")));
        let error = external.prepare(&template, "stack-SETTINGS_TABLE").await.unwrap_err();
        let (reason, hint) = (error.to_string(), error.hint().unwrap());
        assert!(reason.starts_with("table stack-REFRESH_TOKENS_TABLE not found in the DynamoDB at "), "{reason}");
        assert!(hint.contains("deploy the stack") && hint.contains("USERS_TABLE"), "{hint}");
        assert_eq!((reason.lines().count(), hint.lines().count()), (1, 1), "{reason} {hint}");
        let tables = embedded.client().await.list_tables().send().await.unwrap();
        assert_eq!(tables.table_names(), &[] as &[String]);
    }

    #[test]
    fn tables_are_created_locally_and_on_request_but_never_at_aws() {
        let aws = "https://dynamodb.eu-central-1.amazonaws.com";
        assert!(Database::at("http://localhost:8000").creates);
        assert!(!Database::at("http://192.168.0.7:8000").creates);
        assert!(Database::at("http://192.168.0.7:8000").creating().creates);
        assert!(!Database::at(aws).creates);
        assert!(!Database::at(aws).creating().creates);
    }
}
