//! The options of the local stack.

use std::{net::IpAddr, path::PathBuf};

use axum::http::HeaderValue;
use clap::Args;
use shared::keys::SECRET_MAX_AGE;
use stack::http_url;

use crate::{origin::origin, private};

/// The options of the local stack.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Port of the API; 0 picks a free one
    #[arg(long, default_value_t = 3000)]
    pub port: u16,

    /// Address the API listens on; 0.0.0.0 lets other machines call it
    ///
    /// On a loopback address, the API only answers requests to localhost, 127.0.0.1 or ::1, so that no web page reaches it
    /// under a name of its own. On any other address it answers to every name.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub host: IpAddr,

    /// Port of the embedded DynamoDB, on 127.0.0.1 only; 0 picks a free one
    ///
    /// It answers programs, such as the AWS CLI, but no web pages.
    #[arg(long, value_name = "PORT", default_value_t = 8000)]
    pub dynamodb_port: u16,

    /// Use the DynamoDB at this URL instead of the embedded one
    ///
    /// Existing tables are used as they are. At localhost, host.docker.internal or a name without a dot, missing tables are
    /// created, and a new settings table gets an item that lifts the rate limits. Anywhere else nothing is written, and a missing
    /// table is an error. USERS_TABLE, REFRESH_TOKENS_TABLE and SETTINGS_TABLE name the tables.
    ///
    /// A local DynamoDB gets AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY if both are set, otherwise placeholders. AWS gets the
    /// credentials and the region of the AWS CLI, and so does any other DynamoDB if AWS_ACCESS_KEY_ID or AWS_PROFILE is set.
    #[arg(long, value_name = "URL", conflicts_with = "dynamodb_port", value_parser = http_url)]
    pub dynamodb_endpoint: Option<String>,

    /// Folder for the data and the generated secret, readable only by its owner
    #[arg(long, value_name = "DIR", default_value = private::FOLDER)]
    pub data_dir: PathBuf,

    /// Keep nothing on disk: the data and the generated secret are lost on exit
    #[arg(long)]
    pub in_memory: bool,

    /// Seconds after which the secret is read again from Secrets Manager, and for which others may cache the public keys
    ///
    /// A new version of the secret signs after three times that. With a few seconds, you can watch a rotation.
    #[arg(long, value_name = "SECONDS", default_value_t = SECRET_MAX_AGE.as_secs(), value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub secret_max_age: u64,

    /// Let pages of this origin call the API, such as http://localhost:5173 (repeatable)
    #[arg(long = "cors-origin", value_name = "ORIGIN", value_parser = origin)]
    pub cors_origins: Vec<HeaderValue>,

    /// Do not serve the documentation, /api/docs/ and /api/schema/
    #[arg(long)]
    pub no_docs: bool,

    /// Do not print a line for each request
    #[arg(long)]
    pub quiet: bool,
}

impl Options {
    /// The options of a test: nothing on disk, and free ports.
    pub fn for_tests() -> Self {
        Self {
            port: 0,
            host: IpAddr::from([127, 0, 0, 1]),
            dynamodb_port: 0,
            dynamodb_endpoint: None,
            data_dir: PathBuf::new(),
            in_memory: true,
            secret_max_age: SECRET_MAX_AGE.as_secs(),
            cors_origins: Vec::new(),
            no_docs: false,
            quiet: true,
        }
    }
}
