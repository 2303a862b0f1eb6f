//! DynamoDB: the embedded one, or one that is already there.

use std::{fs, net::Ipv4Addr, path::PathBuf};

use aws_config::Region;
use aws_sdk_dynamodb::{Client, config::Credentials};
use shared::store;
use tokio::{sync::watch, task::JoinHandle};

use crate::{Options, StartError, listen, local_address, told};

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
            return Ok(Self { url: url.clone(), file: None, embedded: None });
        }
        // On this machine alone, wherever the API listens: it asks nobody for a password.
        let listener = listen(Ipv4Addr::LOCALHOST.into(), options.dynamodb_port, "--dynamodb-port").await?;
        let url = format!("http://{}", local_address(&listener)?);
        let (database, file) = open(options)?;
        let (stop, stopped) = watch::channel(false);
        let server = tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, told(stopped)));
        Ok(Self { url, file, embedded: Some(Embedded { stop, server }) })
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The file that keeps its data, where there is one.
    pub fn file(&self) -> Option<&PathBuf> {
        self.file.as_ref()
    }

    /// A client of it.
    pub async fn client(&self) -> Client {
        Client::new(&self.sdk_config().await)
    }

    /// The SDK's settings for it, for clients that need more.
    pub async fn sdk_config(&self) -> aws_config::SdkConfig {
        let mut loader = store::aws_defaults().endpoint_url(&self.url);
        let has_credentials = ["AWS_ACCESS_KEY_ID", "AWS_PROFILE"].iter().any(|name| std::env::var_os(name).is_some());
        if self.embedded.is_some() || !has_credentials {
            // Local implementations want some, and take any.
            loader = loader
                .credentials_provider(Credentials::new("local", "local", None, None, "placeholder"))
                .region(Region::from_static("us-east-1"));
        }
        loader.load().await
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
    fs::create_dir_all(&options.data_dir).map_err(|error| folder(&error))?;
    let file = options.data_dir.join(FILE);
    let database = dynoxide::Database::new(&file.to_string_lossy()).map_err(|error| folder(&error))?;
    Ok((database, Some(file)))
}
