//! The secret in Secrets Manager.

use aws_sdk_secretsmanager::Client;
use futures_util::FutureExt;
use secrecy::SecretString;

use crate::{clock::UnixSeconds, error::StoreError};

/// For how many seconds a version may have been created while its secret was read: longer than any request takes, and than clocks
/// differ.
const JUST_NOW: u64 = 60;

/// Reads the service's secret.
#[derive(Debug, Clone)]
pub struct SecretStore {
    client: Client,
    id: String,
}

/// What the secret was from some time on.
#[derive(Debug, Clone)]
pub struct SecretVersion {
    /// Names it among the secret's versions.
    pub id: String,
    /// Since when it exists.
    pub created_at: UnixSeconds,
    /// The secret itself.
    pub value: SecretString,
}

impl SecretStore {
    /// The secret with this ARN or name.
    pub fn new(client: Client, id: String) -> Self {
        Self { client, id }
    }

    /// The current version, and the one before, where there is one: AWS labels them `AWSCURRENT` and `AWSPREVIOUS`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when Secrets Manager does not answer, or when no text is in a version.
    pub async fn read(&self, now: UnixSeconds) -> Result<(SecretVersion, Option<SecretVersion>), StoreError> {
        // Boxed, since the SDK's futures nest so deeply that the compiler gives up on their type.
        let (current, previous) = self.read_both().boxed().await?;
        // A rotation between the two requests pairs a version with itself, or with one that is not the one before it.
        let is_new = now < current.created_at.saturating_add(JUST_NOW);
        let is_itself = previous.as_ref().is_some_and(|previous| previous.id == current.id);
        if is_new || is_itself { self.read_both().boxed().await } else { Ok((current, previous)) }
    }

    /// Both versions, read at the same time, since a cold start waits for them.
    async fn read_both(&self) -> Result<(SecretVersion, Option<SecretVersion>), StoreError> {
        let (current, previous) = tokio::try_join!(self.version("AWSCURRENT"), self.version("AWSPREVIOUS"))?;
        Ok((current.ok_or_else(|| StoreError::Unavailable("there is no such secret".into()))?, previous))
    }

    async fn version(&self, stage: &str) -> Result<Option<SecretVersion>, StoreError> {
        let answer = match self.client.get_secret_value().secret_id(&self.id).version_stage(stage).send().await {
            Ok(answer) => answer,
            Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) => {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let created_at = answer.created_date.and_then(|date| date.secs().try_into().ok()).unwrap_or_default();
        match (answer.version_id, answer.secret_string) {
            (Some(id), Some(value)) => Ok(Some(SecretVersion { id, created_at, value: value.into() })),
            _ => Err(StoreError::Unavailable("the secret is no text: store it as a SecretString".into())),
        }
    }
}
