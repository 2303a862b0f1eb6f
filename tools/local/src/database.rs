//! DynamoDB: the embedded one, or one that is already there.

use std::{fs, net::Ipv4Addr, path::PathBuf};

use aws_config::{ConfigLoader, Region};
use aws_sdk_dynamodb::{Client, config::Credentials};
use shared::{Clients, aws, settings::Settings, store::SettingsTable};
use tokio::{sync::watch, task::JoinHandle};

use crate::{Options, Secret, StartError, listen, local_address, tables, template::Template, told};

/// The name of the file in the folder for data.
const FILE: &str = "dynamodb.sqlite";

/// A DynamoDB that answers.
#[derive(Debug)]
pub struct Database {
    url: String,
    file: Option<PathBuf>,
    /// The server, where it is ours.
    embedded: Option<Embedded>,
}

#[derive(Debug)]
struct Embedded {
    stop: watch::Sender<bool>,
    server: JoinHandle<Result<(), String>>,
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
                fs::create_dir_all(&options.data_dir).map_err(|error| StartError::folder(&options.data_dir, error))?;
            }
            return Ok(Self::at(url));
        }
        // On this machine alone, wherever the API listens: it asks nobody for a password.
        let listener = listen(Ipv4Addr::LOCALHOST.into(), options.dynamodb_port, "--dynamodb-port")?;
        let url = format!("http://{}", local_address(&listener)?);
        let (database, file) = open(options)?;
        let (stop, stopped) = watch::channel(false);
        let server = tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, told(stopped)));
        Ok(Self { url, file, embedded: Some(Embedded { stop, server }) })
    }

    /// The DynamoDB at this URL.
    pub fn at(url: &str) -> Self {
        Self { url: url.into(), file: None, embedded: None }
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The file that keeps its data, where there is one.
    pub fn file(&self) -> Option<&PathBuf> {
        self.file.as_ref()
    }

    /// Makes it ready for a service that is set up like this: creates the tables that are missing, and the settings item.
    ///
    /// # Errors
    /// [`StartError::DynamoDb`] when DynamoDB does not do it.
    pub async fn prepare(&self, template: &Template, settings_table: &str) -> Result<(), StartError> {
        let client = self.client().await;
        tables::create_missing(&client, &self.url, template).await?;
        let settings = SettingsTable::new(client, settings_table.into());
        Ok(settings.write_if_missing(Settings::default().without_limits().to_item()).await?)
    }

    /// The clients of a service on it whose secret is there.
    pub async fn clients(&self, secret: &Secret) -> Clients {
        let is_remote = matches!(secret, Secret::SecretsManager(_));
        let secrets_manager = aws_sdk_secretsmanager::Client::new(&sdk(!is_remote).load().await);
        Clients { dynamodb: self.client().await, secrets_manager }
    }

    /// A client of it.
    pub async fn client(&self) -> Client {
        Client::new(&sdk(self.embedded.is_some()).endpoint_url(&self.url).load().await)
    }

    /// Ends the embedded DynamoDB.
    pub async fn stop(self) {
        if let Some(Embedded { stop, server }) = self.embedded {
            let _ = stop.send(true);
            let _ = server.await;
        }
    }
}

/// The SDK's settings: the environment's, but placeholders where nobody looks at them, or where the environment has none.
fn sdk(any_will_do: bool) -> ConfigLoader {
    let loader = aws::anywhere();
    let has_credentials = ["AWS_ACCESS_KEY_ID", "AWS_PROFILE"].iter().any(|name| std::env::var_os(name).is_some());
    if has_credentials && !any_will_do {
        return loader;
    }
    let placeholders = Credentials::new("local", "local", None, None, "placeholder");
    loader.credentials_provider(placeholders).region(Region::from_static("us-east-1"))
}

fn open(options: &Options) -> Result<(dynoxide::Database, Option<PathBuf>), StartError> {
    let folder = |error: &dyn ToString| StartError::folder(&options.data_dir, error.to_string());
    if options.in_memory {
        return Ok((dynoxide::Database::memory().map_err(|error| folder(&error))?, None));
    }
    fs::create_dir_all(&options.data_dir).map_err(|error| folder(&error))?;
    let file = options.data_dir.join(FILE);
    let database = dynoxide::Database::new(&file.to_string_lossy()).map_err(|error| folder(&error))?;
    Ok((database, Some(file)))
}
