//! The tables of a stack, created as the template defines them.

use aws_sdk_dynamodb::{
    Client,
    error::{BuildError, ProvideErrorMetadata, SdkError},
    types::{AttributeDefinition, BillingMode, KeySchemaElement, TimeToLiveSpecification},
};
use shared::error::describe_sdk_error;

use crate::{
    Error,
    template::{TableProperties, Template},
};

/// Creates the tables that are missing, and returns their names. Existing tables stay as they are.
///
/// # Errors
/// [`Error::DynamoDb`] when the DynamoDB at this URL does not do it.
pub async fn create_missing(client: &Client, url: &str, template: &Template) -> Result<Vec<String>, Error> {
    let mut created = Vec::new();
    for (name, properties) in template.tables() {
        if !exists(client, url, name).await? {
            create(client, url, name, properties).await?;
            created.push(name.to_owned());
        }
    }
    Ok(created)
}

/// Checks that all tables are there, and writes nothing.
///
/// # Errors
/// [`Error::TableMissing`] for the first that is missing; [`Error::DynamoDb`] when the DynamoDB at this URL does not answer.
pub async fn require(client: &Client, url: &str, template: &Template) -> Result<(), Error> {
    for (name, _) in template.tables() {
        if !exists(client, url, name).await? {
            return Err(Error::TableMissing { url: url.into(), table: name.into() });
        }
    }
    Ok(())
}

async fn exists(client: &Client, url: &str, name: &str) -> Result<bool, Error> {
    match client.describe_table().table_name(name).send().await {
        Ok(_) => Ok(true),
        Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) => {
            Ok(false)
        }
        Err(error) => Err(unusable(url, &error)),
    }
}

async fn create(client: &Client, url: &str, name: &str, properties: &TableProperties) -> Result<(), Error> {
    let attributes: Result<Vec<_>, BuildError> = properties
        .attribute_definitions
        .iter()
        .map(|attribute| {
            AttributeDefinition::builder()
                .attribute_name(&attribute.attribute_name)
                .attribute_type(attribute.attribute_type.as_str().into())
                .build()
        })
        .collect();
    let keys: Result<Vec<_>, BuildError> = properties
        .key_schema
        .iter()
        .map(|key| {
            KeySchemaElement::builder()
                .attribute_name(&key.attribute_name)
                .key_type(key.key_type.as_str().into())
                .build()
        })
        .collect();
    let invalid = |error: BuildError| Error::Template(format!("{name}: {error}"));
    client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(attributes.map_err(invalid)?))
        .set_key_schema(Some(keys.map_err(invalid)?))
        .send()
        .await
        .map_err(|error| unusable(url, &error))?;
    if let Some(expiry) = &properties.time_to_live_specification {
        let expiry = TimeToLiveSpecification::builder().attribute_name(&expiry.attribute_name).enabled(true).build();
        let request =
            client.update_time_to_live().table_name(name).time_to_live_specification(expiry.map_err(invalid)?);
        request.send().await.map_err(|error| unusable(url, &error))?;
    }
    Ok(())
}

fn unusable<E>(url: &str, error: &SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let reason = match error {
        SdkError::DispatchFailure(_) | SdkError::TimeoutError(_) => "no answer".into(),
        SdkError::ServiceError(answer) if answer.err().code().is_none() => "the server there is not DynamoDB".into(),
        other => describe_sdk_error(other),
    };
    Error::DynamoDb { url: url.into(), reason }
}
