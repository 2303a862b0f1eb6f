//! What the local stack takes from `template.yaml`: the tables, the functions' routes and their environment. They stand
//! there once, so that what runs here is what is deployed.

mod cors;

use std::collections::BTreeMap;

pub use cors::Cors;
use serde::Deserialize;
use serde_norway::Value;

use crate::StartError;

const TEMPLATE: &str = include_str!("../../../template.yaml");

/// The part of a SAM template that is read here.
#[derive(Debug)]
pub struct Template {
    parameters: BTreeMap<String, Parameter>,
    variables: BTreeMap<String, Value>,
    tables: BTreeMap<String, TableProperties>,
    functions: BTreeMap<String, Vec<String>>,
    cors: Cors,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
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
#[serde(rename_all = "PascalCase")]
struct Resource {
    r#type: String,
    #[serde(default)]
    metadata: Value,
    properties: Value,
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
        Self::parse(TEMPLATE).map_err(|error| StartError::Template(error.to_string()))
    }

    fn parse(text: &str) -> Result<Self, serde_norway::Error> {
        let document: Document = serde_norway::from_str(text)?;
        let (mut tables, mut functions, mut cors) = (BTreeMap::new(), BTreeMap::new(), Cors::default());
        for (name, resource) in document.resources {
            match resource.r#type.as_str() {
                "AWS::DynamoDB::Table" => {
                    tables.insert(name, serde_norway::from_value(resource.properties)?);
                }
                "AWS::Serverless::Function" => {
                    let metadata: FunctionMetadata = serde_norway::from_value(resource.metadata)?;
                    let properties: FunctionProperties = serde_norway::from_value(resource.properties)?;
                    let paths = properties.events.into_values().map(|event| event.properties.path).collect();
                    functions.insert(metadata.build_properties.binary, paths);
                }
                "AWS::Serverless::HttpApi" => {
                    cors = Cors::read(resource.properties, &document.parameters)?;
                }
                _ => {}
            }
        }
        let variables = document.globals.function.environment.variables;
        Ok(Self { parameters: document.parameters, variables, tables, functions, cors })
    }

    /// The same, with each table under the name that its variable has here, such as `USERS_TABLE`, where it has one.
    #[must_use]
    pub fn with_table_names(mut self, variable: impl Fn(&str) -> Option<String>) -> Self {
        let names = self.variables.keys().filter_map(|name| Some((self.variable(name)?, variable(name)?)));
        let names: BTreeMap<_, _> = names.collect();
        let tables = self.tables.into_iter();
        self.tables = tables.map(|(name, table)| (names.get(&name).cloned().unwrap_or(name), table)).collect();
        self
    }

    /// The tables with their names: the logical ones, if nothing else was said.
    pub fn tables(&self) -> impl Iterator<Item = (&str, &TableProperties)> {
        self.tables.iter().map(|(name, properties)| (name.as_str(), properties))
    }

    /// The functions' binaries, each with its routes' paths.
    pub fn functions(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.functions.iter().map(|(binary, paths)| (binary.as_str(), paths.as_slice()))
    }

    /// What front ends may do from a browser.
    pub fn cors(&self) -> &Cors {
        &self.cors
    }

    /// The variables of all functions that have a value here, with that value.
    pub fn variables(&self) -> impl Iterator<Item = (&str, String)> {
        let names = self.variables.keys();
        names.filter_map(|name| Some((name.as_str(), self.variable(name)?)))
    }

    /// The value of a variable of all functions: as it stands, a resource's logical name, or a parameter's default.
    pub fn variable(&self, name: &str) -> Option<String> {
        default(&self.parameters, self.variables.get(name)?)
    }
}

/// A value as it stands, a resource's logical name, or a parameter's default.
fn default(parameters: &BTreeMap<String, Parameter>, value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Tagged(tagged) if tagged.tag == "Ref" => {
            let referred = tagged.value.as_str()?;
            match parameters.get(referred) {
                Some(parameter) => parameter.default.clone(),
                None => Some(referred.to_owned()),
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_has_the_two_routes_of_its_path() {
        let template = Template::read().unwrap();
        let functions: Vec<_> = template.functions().map(|(binary, _)| binary).collect();
        assert_eq!(functions, ["docs", "login", "logout", "me", "refresh", "register"]);
        for (binary, paths) in template.functions() {
            let mut paths = paths.to_vec();
            paths.sort_unstable();
            let expected: &[&str] = if binary == "docs" { &["docs", "schema"] } else { &[binary] };
            let expected: Vec<_> =
                expected.iter().flat_map(|path| [format!("/api/{path}"), format!("/api/{path}/{{proxy+}}")]).collect();
            assert_eq!(paths, expected);
        }
    }

    #[test]
    fn pages_may_send_the_headers_of_the_parameters_default() {
        assert_eq!(Template::read().unwrap().cors().allow_headers, ["authorization", "content-type"]);
    }

    #[test]
    fn a_table_has_the_name_that_its_variable_gives_it() {
        let variable = |name: &str| match name {
            "USERS_TABLE" => Some("SettingsTable".to_owned()),
            "SETTINGS_TABLE" => Some("stack-settings".to_owned()),
            "TOKEN_ISSUER" => Some("UsersTable".to_owned()),
            _ => None,
        };
        let template = Template::read().unwrap().with_table_names(variable);
        let keys: Vec<_> = template
            .tables()
            .map(|(name, table)| (name, table.key_schema.first().unwrap().attribute_name.as_str()))
            .collect();
        assert_eq!(keys, [("RefreshTokensTable", "user_id"), ("SettingsTable", "pk"), ("stack-settings", "id")]);
    }

    #[test]
    fn a_variable_is_a_resources_name_or_a_parameters_default() {
        let template = Template::read().unwrap();
        assert_eq!(template.variable("USERS_TABLE").as_deref(), Some("UsersTable"));
        assert_eq!(template.variable("TOKEN_ISSUER").as_deref(), Some("pyshop-auth"));
        assert_eq!(template.variable("AWS_ENDPOINT_URL_DYNAMODB"), None);
        assert_eq!(template.variable("OTHER"), None);
        assert!(template.variables().any(|variable| variable == ("SECRET_ID", "SigningSecret".into())));
    }
}
