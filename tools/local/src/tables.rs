//! Tables for the local stack, made as the template has them.

use aws_sdk_dynamodb::{
    Client,
    error::{BuildError, ProvideErrorMetadata, SdkError},
    types::{AttributeDefinition, BillingMode, KeySchemaElement, TimeToLiveSpecification},
};
use shared::error::describe_sdk_error;

use crate::{
    StartError,
    template::{TableProperties, Template},
};

/// Creates the tables that are missing, and returns their names; those that are there stay as they are.
///
/// # Errors
/// [`StartError::DynamoDb`] when DynamoDB at this URL does not do it.
pub async fn create_missing(client: &Client, url: &str, template: &Template) -> Result<Vec<String>, StartError> {
    let mut created = Vec::new();
    for (name, properties) in template.tables() {
        if !is_there(client, url, name).await? {
            create(client, url, name, properties).await?;
            created.push(name.to_owned());
        }
    }
    Ok(created)
}

/// Makes sure that all tables are there, and writes nothing.
///
/// # Errors
/// [`StartError::Table`] for the first that is missing; [`StartError::DynamoDb`] when DynamoDB at this URL does not say.
pub(crate) async fn require(client: &Client, url: &str, template: &Template) -> Result<(), StartError> {
    for (name, _) in template.tables() {
        if !is_there(client, url, name).await? {
            return Err(StartError::Table { url: url.into(), table: name.into() });
        }
    }
    Ok(())
}

async fn is_there(client: &Client, url: &str, name: &str) -> Result<bool, StartError> {
    match client.describe_table().table_name(name).send().await {
        Ok(_) => Ok(true),
        Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) => {
            Ok(false)
        }
        Err(error) => Err(failed(url, &error)),
    }
}

async fn create(client: &Client, url: &str, name: &str, properties: &TableProperties) -> Result<(), StartError> {
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
    let unbuilt = |error: BuildError| StartError::Template(format!("{name}: {error}"));
    client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(attributes.map_err(unbuilt)?))
        .set_key_schema(Some(keys.map_err(unbuilt)?))
        .send()
        .await
        .map_err(|error| failed(url, &error))?;
    if let Some(expiry) = &properties.time_to_live_specification {
        let expiry = TimeToLiveSpecification::builder().attribute_name(&expiry.attribute_name).enabled(true).build();
        let request =
            client.update_time_to_live().table_name(name).time_to_live_specification(expiry.map_err(unbuilt)?);
        request.send().await.map_err(|error| failed(url, &error))?;
    }
    Ok(())
}

fn failed<E>(url: &str, error: &SdkError<E>) -> StartError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let reason = match error {
        // What failed to connect needs no more words; what DynamoDB answered does.
        SdkError::DispatchFailure(_) | SdkError::TimeoutError(_) => "nothing answers there".into(),
        SdkError::ServiceError(answer) if answer.err().code().is_none() => "what answers there is no DynamoDB".into(),
        other => describe_sdk_error(other),
    };
    StartError::DynamoDb { url: url.into(), reason }
}
