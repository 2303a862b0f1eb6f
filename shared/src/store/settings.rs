//! The table of settings.

mod cache;

pub use cache::SettingsCache;

use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, ReturnValue},
};

use super::{Item, string, unavailable};
use crate::{Error, settings::Definition};

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

    /// The item, if there is one.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer.
    pub async fn read(&self) -> Result<Option<Item>, Error> {
        let request = self.client.get_item().table_name(&self.table).key("id", string(ID));
        let answer = request.send().await.map_err(|error| unavailable(&error))?;
        Ok(answer.item)
    }

    /// Writes one setting, and returns what stood there.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer.
    pub async fn set(&self, setting: &Definition, value: AttributeValue) -> Result<Option<AttributeValue>, Error> {
        let name = setting.name();
        let request = self.client.update_item().table_name(&self.table).key("id", string(ID));
        let request = request.update_expression("SET #name = :value").expression_attribute_names("#name", name);
        let request = request.expression_attribute_values(":value", value).return_values(ReturnValue::UpdatedOld);
        let answer = request.send().await.map_err(|error| unavailable(&error))?;
        Ok(answer.attributes.and_then(|mut before| before.remove(name)))
    }

    /// Writes these settings, if there is no item yet.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer.
    pub async fn write_if_missing(&self, settings: Item) -> Result<(), Error> {
        let request = self.client.put_item().table_name(&self.table).set_item(Some(settings)).item("id", string(ID));
        match request.condition_expression("attribute_not_exists(id)").send().await {
            Err(error)
                if !error.as_service_error().is_some_and(|error| error.is_conditional_check_failed_exception()) =>
            {
                Err(unavailable(&error))
            }
            _ => Ok(()),
        }
    }
}
