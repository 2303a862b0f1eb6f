//! What the local stack takes from `template.yaml`: the tables, the functions' routes and their environment. They stand
//! there once, so that what runs here is what is deployed.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_norway::Value;

use crate::StartError;

const TEMPLATE: &str = include_str!("../../../template.yaml");

/// The part of a SAM template that is read here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Template {
    parameters: BTreeMap<String, Parameter>,
    globals: Globals,
    resources: BTreeMap<String, Resource>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Parameter {
    default: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Globals {
    function: GlobalFunction,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GlobalFunction {
    environment: Environment,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Environment {
    variables: BTreeMap<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "Type")]
enum Resource {
    #[serde(rename = "AWS::DynamoDB::Table", rename_all = "PascalCase")]
    Table { properties: TableProperties },
    #[serde(rename = "AWS::Serverless::Function", rename_all = "PascalCase")]
    Function { metadata: FunctionMetadata, properties: FunctionProperties },
    #[serde(other)]
    Other,
}

/// The properties of a table that a local DynamoDB knows.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TableProperties {
    /// The attributes of the key.
    pub attribute_definitions: Vec<AttributeDefinition>,
    /// Their roles.
    pub key_schema: Vec<KeyElement>,
    /// The attribute that tells when an item may be deleted.
    pub time_to_live_specification: Option<TimeToLive>,
}

/// An attribute of a key.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttributeDefinition {
    /// Its name.
    pub attribute_name: String,
    /// `S`, `N` or `B`.
    pub attribute_type: String,
}

/// The role of an attribute in a key.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct KeyElement {
    /// The attribute.
    pub attribute_name: String,
    /// `HASH` or `RANGE`.
    pub key_type: String,
}

/// When items expire.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TimeToLive {
    /// The attribute that holds the time.
    pub attribute_name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FunctionMetadata {
    build_properties: BuildProperties,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BuildProperties {
    binary: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FunctionProperties {
    events: BTreeMap<String, Event>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    properties: Route,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Route {
    path: String,
}

impl Template {
    /// The template that this program was built with.
    ///
    /// # Errors
    /// [`StartError::Template`] when it is not as this program reads it.
    pub fn read() -> Result<Self, StartError> {
        serde_norway::from_str(TEMPLATE).map_err(|error| StartError::Template(error.to_string()))
    }

    /// The tables with their logical names, which are their names here.
    pub fn tables(&self) -> impl Iterator<Item = (&str, &TableProperties)> {
        self.resources.iter().filter_map(|(name, resource)| match resource {
            Resource::Table { properties } => Some((name.as_str(), properties)),
            _ => None,
        })
    }

    /// The functions' binaries, each with its routes' paths.
    pub fn functions(&self) -> impl Iterator<Item = (&str, Vec<&str>)> {
        self.resources.values().filter_map(|resource| match resource {
            Resource::Function { metadata, properties } => {
                let paths = properties.events.values().map(|event| event.properties.path.as_str()).collect();
                Some((metadata.build_properties.binary.as_str(), paths))
            }
            _ => None,
        })
    }

    /// The value of a variable of all functions: as it stands, a table's logical name, or a parameter's default. A
    /// parameter without one has to come from elsewhere.
    pub fn variable(&self, name: &str) -> Option<String> {
        match self.globals.function.environment.variables.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Tagged(tagged) if tagged.tag == "Ref" => {
                let referred = tagged.value.as_str()?;
                match self.parameters.get(referred) {
                    Some(parameter) => parameter.default.clone(),
                    None => Some(referred.to_owned()),
                }
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_has_the_two_routes_of_its_path() {
        let template = Template::read().unwrap();
        let functions: Vec<_> = template.functions().map(|(binary, _)| binary).collect();
        assert_eq!(functions, ["login", "logout", "me", "refresh", "register"]);
        for (binary, mut paths) in template.functions() {
            paths.sort_unstable();
            assert_eq!(paths, [format!("/api/{binary}"), format!("/api/{binary}/{{proxy+}}")]);
        }
    }

    #[test]
    fn a_variable_is_a_tables_name_or_a_parameters_default() {
        let template = Template::read().unwrap();
        assert_eq!(template.variable("USERS_TABLE").as_deref(), Some("UsersTable"));
        assert_eq!(template.variable("TOKEN_ISSUER").as_deref(), Some("pyshop-auth"));
        assert_eq!(template.variable("SECRET_KEY"), None);
        assert_eq!(template.variable("OTHER"), None);
    }
}
