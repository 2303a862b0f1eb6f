//! The settings item.

use aws_sdk_dynamodb::types::AttributeValue;

use crate::{
    settings::{Definition, Problem, Settings, Stored, Value},
    store::Item,
};

/// The settings item, as it is stored.
#[derive(Debug, Clone, Default)]
pub struct SettingsItem(pub(super) Item);

impl From<Item> for SettingsItem {
    fn from(item: Item) -> Self {
        Self(item)
    }
}

impl SettingsItem {
    /// An item with these settings.
    pub fn new(settings: &Settings) -> Self {
        let attributes = settings.values().map(|(setting, value)| (setting.name().to_owned(), attribute(value)));
        Self(attributes.collect())
    }

    /// The settings of this item. For what is missing or invalid those before stay in force.
    pub fn read(&self, before: &Settings) -> (Settings, Vec<Problem>) {
        Settings::read(|setting| self.get(setting), before)
    }

    /// The settings of this item, with defaults for what is missing or invalid.
    pub fn settings(&self) -> Settings {
        self.read(&Settings::default()).0
    }

    /// What the item has for a setting.
    pub fn get(&self, setting: &Definition) -> Stored {
        match self.0.get(setting.name()) {
            None => Stored::Missing,
            Some(attribute) => value(setting, attribute).map_or(Stored::Invalid, Stored::Valid),
        }
    }

    /// A stored value as a text, whatever its type, for operators.
    pub fn raw(&self, setting: &Definition) -> Option<String> {
        self.0.get(setting.name()).map(raw)
    }

    /// Sets a value in this copy.
    pub fn set(&mut self, setting: &Definition, value: Value) {
        self.0.insert(setting.name().into(), attribute(value));
    }
}

/// The value in an attribute, if it is of the setting's type and in its range.
pub(super) fn value(setting: &Definition, attribute: &AttributeValue) -> Option<Value> {
    let value = match attribute {
        AttributeValue::N(number) => Value::Number(number.parse().ok()?),
        AttributeValue::Bool(flag) => Value::Flag(*flag),
        // Only a word that the setting takes.
        AttributeValue::S(word) => setting.parse(word).filter(|value| matches!(value, Value::Choice(_)))?,
        _ => return None,
    };
    setting.takes(value).then_some(value)
}

pub(super) fn attribute(value: Value) -> AttributeValue {
    match value {
        Value::Number(number) => AttributeValue::N(number.to_string()),
        Value::Flag(flag) => AttributeValue::Bool(flag),
        Value::Choice(word) => AttributeValue::S(word.into()),
    }
}

fn raw(attribute: &AttributeValue) -> String {
    match attribute {
        AttributeValue::S(text) => format!("\"{text}\""),
        AttributeValue::N(number) => number.clone(),
        AttributeValue::Bool(value) => value.to_string(),
        AttributeValue::Null(_) => "null".into(),
        AttributeValue::B(_) => "bytes".into(),
        AttributeValue::L(_) => "a list".into(),
        AttributeValue::M(_) => "a map".into(),
        _ => "a set".into(),
    }
}

#[cfg(test)]
mod tests;
