//! DynamoDB: the embedded one, or one that is already there.

use std::{
    env,
    io::{self, ErrorKind},
    net::Ipv4Addr,
    path::PathBuf,
};

use aws_config::{ConfigLoader, Region, meta::region::RegionProviderChain};
use aws_sdk_dynamodb::{Client, config::Credentials};
use shared::{
    runtime::{Clients, aws},
    settings::Settings,
    store::SettingsTable,
};
use tokio::{sync::watch, task::JoinHandle};

use crate::{
    Options, Secret, StartError, embedded, endpoint, listen, local_address, private, tables, template::Template, told,
};

/// A DynamoDB that answers.
#[derive(Debug)]
pub struct Database {
    url: String,
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
        Ok(Self { url, file, embedded: Some(Embedded { stop, server }), creates: true })
    }

    /// The DynamoDB at this URL. It gets tables that it lacks if it is clearly a local one.
    pub fn at(url: &str) -> Self {
        Self { url: url.into(), file: None, embedded: None, creates: endpoint::is_local(url) }
    }

    /// The same, which gets tables that it lacks wherever it is, unless it is AWS's.
    #[must_use]
    pub fn creating(self) -> Self {
        Self { creates: !endpoint::is_amazons(&self.url), ..self }
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
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
    /// [`StartError::DynamoDb`] when DynamoDB does not do it, [`StartError::Table`] when a table is missing that may not be
    /// created.
    pub async fn prepare(&self, template: &Template, settings_table: &str) -> Result<Limits, StartError> {
        let client = self.client().await;
        let created = if self.creates {
            tables::create_missing(&client, &self.url, template).await?
        } else {
            tables::require(&client, &self.url, template).await?;
            Vec::new()
        };
        let is_ours = self.embedded.is_some() || created.iter().any(|name| name == settings_table);
        let settings = SettingsTable::new(client, settings_table.into());
        if !is_ours || settings.read().await?.is_some() {
            return Ok(Limits::AsTheyAre);
        }
        settings.write_if_missing(Settings::default().without_limits().to_item()).await?;
        Ok(Limits::Lifted)
    }

    /// The clients of a service on it whose secret is there.
    pub async fn clients(&self, secret: &Secret) -> Clients {
        let settings = match secret {
            Secret::SecretsManager(_) => sdk(),
            // Nobody asks it.
            _ => here(|_| None),
        };
        let secrets_manager = aws_sdk_secretsmanager::Client::new(&settings.load().await);
        Clients { dynamodb: self.client().await, secrets_manager }
    }

    /// A client of it.
    pub async fn client(&self) -> Client {
        let settings = if endpoint::is_local(&self.url) {
            here(|name| env::var(name).ok())
        } else if endpoint::is_amazons(&self.url) {
            aws::anywhere()
        } else {
            sdk()
        };
        Client::new(&settings.endpoint_url(&self.url).load().await)
    }

    /// Ends the embedded DynamoDB.
    pub async fn stop(self) {
        if let Some(Embedded { stop, server }) = self.embedded {
            let _ = stop.send(true);
            let _ = server.await;
        }
    }
}

/// The SDK's settings for a DynamoDB here, which asks nobody who they are, so that nothing that is set halfway or wrong is in
/// the way. DynamoDB Local may keep tables apart by access key and region: those of these variables are taken where they are
/// whole, and placeholders otherwise. No file is asked, and no other service.
fn here(variable: impl Fn(&str) -> Option<String>) -> ConfigLoader {
    let variable = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
    let keys = variable("AWS_ACCESS_KEY_ID").zip(variable("AWS_SECRET_ACCESS_KEY"));
    let (id, secret) = keys.unwrap_or_else(|| ("local".into(), "local".into()));
    let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
    aws::anywhere()
        .credentials_provider(Credentials::new(id, secret, None, None, "local"))
        .region(Region::new(region.unwrap_or_else(|| DEFAULT_REGION.into())))
        // A URL of its own goes with neither.
        .use_fips(false)
        .use_dual_stack(false)
}

/// The SDK's settings elsewhere: the environment's, or placeholders where it has none.
fn sdk() -> ConfigLoader {
    let loader = aws::anywhere();
    let has_credentials = ["AWS_ACCESS_KEY_ID", "AWS_PROFILE"].iter().any(|name| env::var_os(name).is_some());
    if has_credentials {
        return loader.region(RegionProviderChain::default_provider().or_else(Region::from_static(DEFAULT_REGION)));
    }
    let placeholders = Credentials::new("local", "local", None, None, "placeholder");
    loader.credentials_provider(placeholders).region(Region::from_static(DEFAULT_REGION))
}

/// Where nobody has said which.
const DEFAULT_REGION: &str = "us-east-1";

fn open(options: &Options) -> Result<(dynoxide::Database, Option<PathBuf>), StartError> {
    let folder = |error: &dyn ToString| StartError::folder(&options.data_dir, error.to_string());
    if options.in_memory {
        return Ok((dynoxide::Database::memory().map_err(|error| folder(&error))?, None));
    }
    private::folder(&options.data_dir).map_err(|error| folder(&error))?;
    let file = options.data_dir.join(private::DATABASE);
    // SQLite takes an empty file for a new database, and its mode for the files beside it.
    match private::new_file(&file) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(folder(&error)),
        _ => {}
    }
    let database = dynoxide::Database::new(&file.to_string_lossy()).map_err(|error| folder(&error))?;
    Ok((database, Some(file)))
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::config::ProvideCredentials;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::nothing(&[], "local", "us-east-1")]
    #[case::both_keys(&[("AWS_ACCESS_KEY_ID", "wombat"), ("AWS_SECRET_ACCESS_KEY", "quokka")], "wombat", "us-east-1")]
    #[case::no_secret_key(&[("AWS_ACCESS_KEY_ID", "wombat")], "local", "us-east-1")]
    #[case::an_empty_one(&[("AWS_ACCESS_KEY_ID", "wombat"), ("AWS_SECRET_ACCESS_KEY", " ")], "local", "us-east-1")]
    #[case::a_region_alone(&[("AWS_REGION", "eu-north-1"), ("AWS_DEFAULT_REGION", "sa-east-1")], "local", "eu-north-1")]
    #[case::an_empty_region(&[("AWS_REGION", ""), ("AWS_DEFAULT_REGION", "sa-east-1")], "local", "sa-east-1")]
    #[tokio::test]
    async fn a_dynamodb_here_is_asked_with_the_environments_keys_where_they_are_whole(
        #[case] variables: &[(&str, &str)],
        #[case] access_key_id: &str,
        #[case] region: &str,
    ) {
        let variable = |name: &str| Some(variables.iter().find(|(other, _)| *other == name)?.1.to_owned());
        let settings = here(variable).load().await;
        let credentials = settings.credentials_provider().unwrap().provide_credentials().await.unwrap();
        assert_eq!(credentials.access_key_id(), access_key_id);
        assert_eq!(settings.region().unwrap().as_ref(), region);
    }

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
