//! DynamoDB: the embedded one, or one that is already there.

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

use crate::{Options, Secret, StartError, embedded, listen, local_address, private, told};

/// A DynamoDB that answers.
#[derive(Debug)]
pub struct Database {
    dynamodb: DynamoDb,
    file: Option<PathBuf>,
    /// The server, where it is ours.
    embedded: Option<Embedded>,
    /// Whether it gets the tables that it lacks.
    creates: bool,
}

/// Where the limits of failed logins, registrations and changes of a profile come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limits {
    /// From a new settings item, which lifts them.
    Lifted,
    /// From the settings item that was there; without one they are the defaults. Nothing was written.
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
        // On this machine alone, wherever the API listens: it asks nobody for a password.
        let listener = listen(Ipv4Addr::LOCALHOST.into(), options.dynamodb_port, "--dynamodb-port")?;
        let url = format!("http://{}", local_address(&listener)?);
        let (database, file) = open(options)?;
        let (stop, stopped) = watch::channel(false);
        let server = tokio::spawn(embedded::serve(listener, database, told(stopped)));
        Ok(Self { dynamodb: DynamoDb::at(&url), file, embedded: Some(Embedded { stop, server }), creates: true })
    }

    /// The DynamoDB at this URL. It gets tables that it lacks if it is clearly a local one.
    pub fn at(url: &str) -> Self {
        let dynamodb = DynamoDb::at(url);
        let creates = dynamodb.location() == Location::Local;
        Self { dynamodb, file: None, embedded: None, creates }
    }

    /// The same, which gets tables that it lacks wherever it is, unless it is AWS's.
    #[must_use]
    pub fn creating(self) -> Self {
        Self { creates: self.dynamodb.location() != Location::Aws, ..self }
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        self.dynamodb.url()
    }

    /// The file that keeps its data, where there is one.
    pub fn file(&self) -> Option<&PathBuf> {
        self.file.as_ref()
    }

    /// Makes it ready for a service that is set up like this: creates the tables that are missing, where that may be, and
    /// lifts the limits where they are nobody's yet, in the embedded one and in a table of settings that was created now.
    /// What others made is not written to.
    ///
    /// # Errors
    /// [`StartError::Stack`] when DynamoDB does not do it, or a table is missing that may not be created.
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

    /// The clients of a service on it whose secret is there.
    pub async fn clients(&self, secret: &Secret) -> Clients {
        let settings = match secret {
            Secret::SecretsManager(_) => sdk::environment_or_placeholders(),
            // Nobody asks it.
            _ => sdk::local(|_| None),
        };
        let secrets_manager = aws_sdk_secretsmanager::Client::new(&settings.load().await);
        Clients { dynamodb: self.client().await, secrets_manager }
    }

    /// A client of it.
    pub async fn client(&self) -> Client {
        self.dynamodb.client().await
    }

    /// Ends the embedded DynamoDB.
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
    // SQLite takes an empty file for a new database, and its mode for the files beside it.
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
    async fn where_nothing_may_be_created_a_missing_table_is_named_and_nothing_is_written() {
        let embedded = Database::start(&Options::for_tests()).await.unwrap();
        let elsewhere = Database { creates: false, ..Database::at(embedded.url()) };
        let template = Template::read().unwrap().with_table_names(|name| Some(format!("stack-{name}")));
        let reason = elsewhere.prepare(&template, "stack-SETTINGS_TABLE").await.unwrap_err().to_string();
        assert!(reason.contains("has no table stack-REFRESH_TOKENS_TABLE"), "{reason}");
        assert!(reason.contains("deploy the stack") && reason.contains("USERS_TABLE"), "{reason}");
        assert_eq!(reason.lines().count(), 1, "{reason}");
        let tables = embedded.client().await.list_tables().send().await.unwrap();
        assert_eq!(tables.table_names(), &[] as &[String]);
    }

    #[test]
    fn tables_are_created_on_this_machine_and_when_asked_to_but_never_at_aws() {
        let aws = "https://dynamodb.eu-central-1.amazonaws.com";
        assert!(Database::at("http://localhost:8000").creates);
        assert!(!Database::at("http://192.168.0.7:8000").creates);
        assert!(Database::at("http://192.168.0.7:8000").creating().creates);
        assert!(!Database::at(aws).creates);
        assert!(!Database::at(aws).creating().creates);
    }
}
