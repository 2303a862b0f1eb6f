//! What front ends may do from a browser.

use serde::{Deserialize, Deserializer, de::DeserializeOwned, de::Error as _};
use serde_norway::Value;

use super::document::Constants;

#[derive(Debug, Deserialize)]
struct DefinitionBody {
    /// What holds where there are origins.
    #[serde(rename = "x-amazon-apigateway-cors", deserialize_with = "then_branch")]
    cors: GatewayCors,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GatewayCors {
    allow_methods: Vec<String>,
    /// A reference to a parameter that is a list.
    allow_headers: Value,
    expose_headers: Vec<String>,
    max_age: u64,
}

/// What front ends may do from a browser, where their origin is listed.
#[derive(Debug, Default)]
pub struct Cors {
    /// The methods that they may use.
    pub allow_methods: Vec<String>,
    /// The headers that they may send.
    pub allow_headers: Vec<String>,
    /// The headers that they may read.
    pub expose_headers: Vec<String>,
    /// How long a browser may remember this, in seconds.
    pub max_age: u64,
}

impl Cors {
    /// What the document of the HTTP API says, with the defaults of the parameters.
    pub(super) fn read(definition_body: Value, constants: &Constants) -> Result<Self, serde_norway::Error> {
        let body: DefinitionBody = serde_norway::from_value(definition_body)?;
        let GatewayCors { allow_methods, allow_headers, expose_headers, max_age } = body.cors;
        let headers = constants.resolve(&allow_headers).unwrap_or_default();
        let allow_headers = headers.split(',').map(str::to_owned).collect();
        Ok(Self { allow_methods, allow_headers, expose_headers, max_age })
    }
}

/// Reads what `!If` chooses where its condition is true.
fn then_branch<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<T, D::Error> {
    let chosen = match Value::deserialize(deserializer)? {
        Value::Tagged(tagged) if tagged.tag == "If" => tagged.value.get(1).cloned(),
        _ => None,
    };
    serde_norway::from_value(chosen.unwrap_or_default()).map_err(D::Error::custom)
}
