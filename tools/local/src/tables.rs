//! Tables for the local stack, made as the template has them.

use aws_sdk_dynamodb::{
    Client,
    error::{BuildError, DisplayErrorContext, ProvideErrorMetadata, SdkError},
    types::{AttributeDefinition, BillingMode, KeySchemaElement, TimeToLiveSpecification},
};

use crate::{
    StartError,
    template::{TableProperties, Template},
};

/// Creates the tables that are missing; those that are there stay as they are.
///
/// # Errors
/// [`StartError::DynamoDb`] when DynamoDB at this URL does not do it.
pub async fn create_missing(client: &Client, url: &str, template: &Template) -> Result<(), StartError> {
    for (name, properties) in template.tables() {
        match client.describe_table().table_name(name).send().await {
            Ok(_) => {}
            Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) => {
                create(client, url, name, properties).await?;
            }
            Err(error) => return Err(failed(url, &error)),
        }
    }
    Ok(())
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

fn failed<E, R>(url: &str, error: &SdkError<E, R>) -> StartError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    // What failed to connect needs no more words; what DynamoDB answered does.
    let reason = match error {
        SdkError::DispatchFailure(_) | SdkError::TimeoutError(_) => "nothing answers there".into(),
        SdkError::ServiceError(answer) => match (answer.err().code(), answer.err().message()) {
            (Some(code), message) => format!("{code}: {}", message.unwrap_or_default()),
            (None, _) => "what answers there is no DynamoDB".into(),
        },
        other => DisplayErrorContext(other).to_string(),
    };
    StartError::DynamoDb { url: url.into(), reason }
}
