//! A client of a DynamoDB, wherever it is.

use std::env;

use aws_sdk_dynamodb::Client;
use shared::runtime::aws;

use crate::{Location, sdk};

/// The DynamoDB at a URL.
#[derive(Debug, Clone)]
pub struct DynamoDb {
    url: String,
    location: Location,
}

impl DynamoDb {
    /// The DynamoDB at this URL.
    pub fn at(url: &str) -> Self {
        Self { url: url.into(), location: Location::of(url) }
    }

    /// Its URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where it is, as far as its URL tells.
    pub fn location(&self) -> Location {
        self.location
    }

    /// A client of it.
    ///
    /// A local one gets the access key and the region of the environment where they are complete, and placeholders otherwise.
    /// AWS's gets the credentials and the region of the AWS CLI, and any other one too where the environment names some.
    pub async fn client(&self) -> Client {
        let loader = match self.location {
            Location::Local => sdk::local(|name| env::var(name).ok()),
            Location::Aws => aws::anywhere(),
            Location::Elsewhere => sdk::environment_or_placeholders(),
        };
        Client::new(&loader.endpoint_url(&self.url).load().await)
    }
}
