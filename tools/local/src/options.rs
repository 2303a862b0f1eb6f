//! What the local stack may be told.

use std::{net::IpAddr, path::PathBuf};

use axum::http::{HeaderValue, Uri};
use clap::Args;

/// How the stack is to run.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Port of the API; 0 picks a free one
    #[arg(long, default_value_t = 3000)]
    pub port: u16,

    /// Address that the API listens on; 0.0.0.0 lets other machines call it
    #[arg(long, default_value = "127.0.0.1")]
    pub host: IpAddr,

    /// Port of the embedded DynamoDB, which listens on 127.0.0.1 alone; 0 picks a free one
    #[arg(long, default_value_t = 8000)]
    pub dynamodb_port: u16,

    /// Use the DynamoDB at this URL instead of the embedded one, and create the tables that it lacks
    ///
    /// Credentials and region are those of the AWS CLI (AWS_ACCESS_KEY_ID, AWS_PROFILE, AWS_REGION and so on); with no
    /// AWS_ACCESS_KEY_ID and no AWS_PROFILE in the environment, placeholders and us-east-1.
    #[arg(long, value_name = "URL", conflicts_with = "dynamodb_port", value_parser = http_url)]
    pub dynamodb_endpoint: Option<String>,

    /// Folder for the data and the generated secret
    #[arg(long, value_name = "DIR", default_value = ".local")]
    pub data_dir: PathBuf,

    /// Keep nothing: the data and the generated secret are gone when the program ends
    #[arg(long)]
    pub in_memory: bool,

    /// Let a front end of this origin call the API from a browser, such as http://localhost:5173 (repeatable)
    #[arg(long = "cors-origin", value_name = "ORIGIN")]
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

/// A URL that a DynamoDB may be at.
///
/// # Errors
/// What is wrong with it, for whoever typed it.
pub fn http_url(text: &str) -> Result<String, String> {
    let uri: Uri = text.parse().map_err(|error| format!("{error}"))?;
    match uri.scheme_str() {
        Some("http" | "https") => Ok(text.to_owned()),
        _ => Err("it begins with http:// or https://, such as http://localhost:8000".into()),
    }
}
