//! What the local stack may be told.

use std::{net::IpAddr, path::PathBuf};

use axum::http::HeaderValue;
use clap::Args;
use stack::http_url;

use crate::{origin::origin, private};

/// How the stack is to run.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Port of the API; 0 picks a free one
    #[arg(long, default_value_t = 3000)]
    pub port: u16,

    /// Address that the API listens on; 0.0.0.0 lets other machines call it
    ///
    /// On an address of this machine alone, requests are answered that call it localhost, 127.0.0.1 or [::1], so that no web
    /// page reaches it by a name of its own; on another, whatever name it is called by.
    #[arg(long, default_value = "127.0.0.1")]
    pub host: IpAddr,

    /// Port of the embedded DynamoDB, which listens on 127.0.0.1 alone; 0 picks a free one
    ///
    /// It answers programs, such as the AWS CLI, and no web page.
    #[arg(long, default_value_t = 8000)]
    pub dynamodb_port: u16,

    /// Use the DynamoDB at this URL instead of the embedded one
    ///
    /// Tables that are there are used as they are. One at localhost, host.docker.internal or a name without a dot gets those
    /// that it lacks, and a new table of settings gets an item that lifts the limits; elsewhere nothing is written, and the
    /// start ends where a table is missing. USERS_TABLE, REFRESH_TOKENS_TABLE and SETTINGS_TABLE name them.
    ///
    /// A local one is asked with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY where both are set, else with placeholders; AWS's
    /// with the credentials and the region of the AWS CLI; another likewise where AWS_ACCESS_KEY_ID or AWS_PROFILE is set.
    #[arg(long, value_name = "URL", conflicts_with = "dynamodb_port", value_parser = http_url)]
    pub dynamodb_endpoint: Option<String>,

    /// Folder for the data and the generated secret, which its owner alone may read
    #[arg(long, value_name = "DIR", default_value = private::FOLDER)]
    pub data_dir: PathBuf,

    /// Keep nothing: the data and the generated secret are gone when the program ends
    #[arg(long)]
    pub in_memory: bool,

    /// Let a front end of this origin call the API from a browser, such as http://localhost:5173 (repeatable)
    #[arg(long = "cors-origin", value_name = "ORIGIN", value_parser = origin)]
    pub cors_origins: Vec<HeaderValue>,

    /// Leave out the documentation page, /api/docs/, and its document
    #[arg(long)]
    pub no_docs: bool,

    /// Print nothing for each request
    #[arg(long)]
    pub quiet: bool,
}

impl Options {
    /// A stack that keeps nothing and takes any free ports: for tests.
    pub fn for_tests() -> Self {
        Self {
            port: 0,
            host: IpAddr::from([127, 0, 0, 1]),
            dynamodb_port: 0,
            dynamodb_endpoint: None,
            data_dir: PathBuf::new(),
            in_memory: true,
            cors_origins: Vec::new(),
            no_docs: false,
            quiet: true,
        }
    }
}
