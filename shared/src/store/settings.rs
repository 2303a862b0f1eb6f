//! The table of settings.

mod cache;
mod item;

use aws_sdk_dynamodb::{Client, types::ReturnValue};

pub use cache::SettingsCache;
pub use item::SettingsItem;

use super::string;
use crate::{
    error::StoreError,
    settings::{Definition, Value},
};

/// The id of the one item that is read.
const ID: &str = "settings";

/// Reads the settings item.
#[derive(Debug, Clone)]
pub struct SettingsTable {
    client: Client,
    table: String,
}

impl SettingsTable {
    /// The settings in this table.
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// Reads the item, if it exists.
    ///
    /// # Errors
    /// [`StoreError::Aws`] if DynamoDB fails.
    pub async fn read(&self) -> Result<Option<SettingsItem>, StoreError> {
        let request = self.client.get_item().table_name(&self.table).key("id", string(ID));
        let answer = request.send().await?;
        Ok(answer.item.map(SettingsItem))
    }

    /// Writes one setting. Returns its previous value, in an item without the others.
    ///
    /// # Errors
    /// [`StoreError::Aws`] if DynamoDB fails.
    pub async fn set(&self, setting: &Definition, value: Value) -> Result<SettingsItem, StoreError> {
        let name = setting.name();
        let request = self.client.update_item().table_name(&self.table).key("id", string(ID));
        let request = request.update_expression("SET #name = :value").expression_attribute_names("#name", name);
        let value = item::attribute(value);
        let request = request.expression_attribute_values(":value", value).return_values(ReturnValue::UpdatedOld);
        Ok(SettingsItem(request.send().await?.attributes.unwrap_or_default()))
    }

    /// Writes these settings unless an item exists.
    ///
    /// # Errors
    /// [`StoreError::Aws`] if DynamoDB fails.
    pub async fn write_if_missing(&self, settings: SettingsItem) -> Result<(), StoreError> {
        let request = self.client.put_item().table_name(&self.table).set_item(Some(settings.0)).item("id", string(ID));
        match request.condition_expression("attribute_not_exists(id)").send().await {
            Err(error)
                if !error.as_service_error().is_some_and(|error| error.is_conditional_check_failed_exception()) =>
            {
                Err(error.into())
            }
            _ => Ok(()),
        }
    }
}
