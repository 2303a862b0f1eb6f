//! What the tools know of a stack, and no function needs: `template.yaml`, the tables that it defines, and a client of the
//! DynamoDB that they are in, on this machine or at AWS.

mod dynamodb;
mod endpoint;
mod files;
pub mod sdk;
pub mod tables;
pub mod template;

pub use dynamodb::DynamoDb;
pub use endpoint::{Location, http_url, is_loopback_host};
pub use files::new_private_file;
pub use template::Template;
use thiserror::Error;

/// Why a stack cannot be used.
#[derive(Debug, Error)]
pub enum Error {
    /// DynamoDB does not answer, or not as it should.
    #[error("cannot use the DynamoDB at {url}: {reason}")]
    DynamoDb {
        /// Its URL.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// A table is missing where none is created unasked.
    #[error("table {table} not found in the DynamoDB at {url}")]
    TableMissing {
        /// The URL of the DynamoDB.
        url: String,
        /// The first that is missing.
        table: String,
    },
    /// The template that this program was built with is not as it reads it.
    #[error("template.yaml: {0}")]
    Template(String),
}

impl Error {
    /// What to do about it, if that is known.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::TableMissing { .. } => Some(
                "deploy the stack, or set USERS_TABLE, REFRESH_TOKENS_TABLE and SETTINGS_TABLE to the names of its tables",
            ),
            Self::DynamoDb { .. } | Self::Template(_) => None,
        }
    }
}
