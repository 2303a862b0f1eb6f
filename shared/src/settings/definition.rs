//! What a setting is: its name, what it means, and what may stand there.

use std::ops::RangeInclusive;

use aws_sdk_dynamodb::types::AttributeValue;

/// A setting that is a number.
#[derive(Debug, Clone)]
pub struct Number {
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    pub(super) meaning: &'static str,
    pub(super) default: u64,
    pub(super) range: RangeInclusive<u64>,
}

/// A setting that is on or off.
#[derive(Debug, Clone)]
pub struct Flag {
    pub(super) name: &'static str,
    pub(super) meaning: &'static str,
    pub(super) default: bool,
}

/// A setting of either kind.
#[derive(Debug, Clone)]
pub enum Definition {
    /// A number.
    Number(Number),
    /// On or off.
    Flag(Flag),
}

impl Number {
    pub(super) fn write(&self, value: u64) -> (String, AttributeValue) {
        (self.name.into(), AttributeValue::N(value.to_string()))
    }

    /// The value in an attribute, if it is one.
    pub(super) fn read(&self, attribute: &AttributeValue) -> Option<u64> {
        attribute.as_n().ok()?.parse().ok().filter(|number| self.range.contains(number))
    }

    pub(super) fn rule(&self) -> String {
        format!("a whole number from {} to {}", self.range.start(), self.range.end())
    }
}

impl Flag {
    pub(super) fn write(&self, value: bool) -> (String, AttributeValue) {
        (self.name.into(), AttributeValue::Bool(value))
    }

    pub(super) fn rule(&self) -> String {
        "true or false".into()
    }
}

impl Definition {
    /// The name of the attribute.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Number(number) => number.name,
            Self::Flag(flag) => flag.name,
        }
    }

    /// What it is for, in a few words.
    pub fn meaning(&self) -> &'static str {
        match self {
            Self::Number(number) => number.meaning,
            Self::Flag(flag) => flag.meaning,
        }
    }

    /// What is counted; nothing for what is on or off.
    pub fn unit(&self) -> &'static str {
        match self {
            Self::Number(number) => number.unit,
            Self::Flag(_) => "",
        }
    }

    /// What holds where nothing is set.
    pub fn default(&self) -> String {
        match self {
            Self::Number(number) => number.default.to_string(),
            Self::Flag(flag) => flag.default.to_string(),
        }
    }

    /// What may stand there, behind "must be".
    pub fn rule(&self) -> String {
        match self {
            Self::Number(number) => number.rule(),
            Self::Flag(flag) => flag.rule(),
        }
    }

    /// The value that a text names, as an attribute, if it may stand there.
    pub fn parse(&self, text: &str) -> Option<AttributeValue> {
        match self {
            Self::Number(number) => {
                let attribute = AttributeValue::N(text.into());
                number.read(&attribute).map(|value| AttributeValue::N(value.to_string()))
            }
            Self::Flag(_) => text.parse().ok().map(AttributeValue::Bool),
        }
    }

    /// The value in an attribute, if it is one that holds.
    pub fn read(&self, attribute: &AttributeValue) -> Option<String> {
        match self {
            Self::Number(number) => number.read(attribute).map(|value| value.to_string()),
            Self::Flag(_) => attribute.as_bool().ok().map(ToString::to_string),
        }
    }
}
