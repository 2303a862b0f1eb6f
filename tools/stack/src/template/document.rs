//! The template as it is written, as far as it is read.

use std::collections::BTreeMap;

use serde::{Deserialize, de::DeserializeOwned};
use serde_norway::Value;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Document {
    parameters: BTreeMap<String, Parameter>,
    mappings: Mappings,
    globals: Globals,
    resources: BTreeMap<String, Resource>,
}

type Mappings = BTreeMap<String, BTreeMap<String, BTreeMap<String, Value>>>;

/// What values refer to.
#[derive(Debug)]
pub(super) struct Constants {
    parameters: BTreeMap<String, Parameter>,
    mappings: Mappings,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Parameter {
    default: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Globals {
    pub(super) function: GlobalFunction,
}

/// What all functions have.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GlobalFunction {
    pub(super) memory_size: u32,
    pub(super) environment: Environment,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Environment {
    pub(super) variables: BTreeMap<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Resource {
    pub(super) r#type: String,
    #[serde(default)]
    pub(super) metadata: Value,
    #[serde(default)]
    pub(super) properties: Value,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct HttpApi {
    pub(super) definition_body: Value,
    pub(super) default_route_settings: RouteSettings,
    /// By route, such as `ANY /api/me`.
    pub(super) route_settings: BTreeMap<String, RouteSettings>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RouteSettings {
    /// In requests a second.
    pub(super) throttling_rate_limit: Value,
}

impl Document {
    /// What values refer to, the globals and the resources.
    pub(super) fn into_parts(self) -> (Constants, Globals, BTreeMap<String, Resource>) {
        let Self { parameters, mappings, globals, resources } = self;
        (Constants { parameters, mappings }, globals, resources)
    }
}

impl Resource {
    pub(super) fn read_properties<T: DeserializeOwned>(&self, name: &str) -> Result<T, String> {
        serde_norway::from_value(self.properties.clone()).map_err(|error| format!("{name}: {error}"))
    }
}

impl Constants {
    /// A value as it is written, a resource's logical name, a parameter's default, or what a mapping has for these. None for
    /// what is known at a deployment alone.
    pub(super) fn resolve(&self, value: &Value) -> Option<String> {
        match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Tagged(tagged) if tagged.tag == "Ref" => {
                let referred = tagged.value.as_str()?;
                match self.parameters.get(referred) {
                    Some(parameter) => parameter.default.clone(),
                    None => Some(referred.to_owned()),
                }
            }
            Value::Tagged(tagged) if tagged.tag == "FindInMap" => {
                let [mapping, first, second] = tagged.value.as_sequence()?.as_slice() else { return None };
                let key = |value| self.resolve(value);
                self.resolve(self.mappings.get(&key(mapping)?)?.get(&key(first)?)?.get(&key(second)?)?)
            }
            _ => None,
        }
    }
}
