//! What the tools take from `template.yaml`: the tables, the functions with their routes, memory and throttles, their
//! environment, CORS and the alarms. It is defined there once, so that what runs here is what is deployed.

mod cors;
mod document;
mod function;
mod table;

use std::collections::BTreeMap;

use document::{Constants, Document};
use serde_norway::Value;

pub use self::{
    cors::Cors,
    function::Function,
    table::{AttributeDefinition, KeyElement, TableProperties, TimeToLive},
};
use crate::Error;

const TEMPLATE: &str = include_str!("../../../template.yaml");

/// The part of the SAM template that the tools read.
#[derive(Debug)]
pub struct Template {
    constants: Constants,
    variables: BTreeMap<String, Value>,
    tables: BTreeMap<String, TableProperties>,
    functions: BTreeMap<String, Function>,
    cors: Cors,
    alarms: Alarms,
}

/// What CloudWatch charges for where the alarms are switched on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Alarms {
    /// How many metrics they watch.
    pub watched_metrics: u32,
    /// How many metrics are made from the log for them.
    pub log_metrics: u32,
}

impl Template {
    /// The template that this program was built with.
    ///
    /// # Errors
    /// [`Error::Template`] when it is not as this program reads it.
    pub fn read() -> Result<Self, Error> {
        Self::parse(TEMPLATE).map_err(Error::Template)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let document: Document = serde_norway::from_str(text).map_err(|error| error.to_string())?;
        let (constants, globals, resources) = document.into_parts();
        let of_type = |name: &'static str| resources.iter().filter(move |(_, resource)| resource.r#type == name);

        let mut tables = BTreeMap::new();
        for (name, resource) in of_type("AWS::DynamoDB::Table") {
            tables.insert(name.clone(), resource.read_properties(name)?);
        }
        let api = of_type("AWS::Serverless::HttpApi").next().ok_or("there is no HTTP API")?;
        let api: document::HttpApi = api.1.read_properties(api.0)?;
        let mut functions = BTreeMap::new();
        for (name, resource) in of_type("AWS::Serverless::Function") {
            let function = Function::read(name, resource, &globals.function, &api, &constants)?;
            functions.insert(function.name.clone(), function);
        }
        let cors = Cors::read(api.definition_body, &constants).map_err(|error| error.to_string())?;
        let watched = of_type("AWS::CloudWatch::Alarm").map(|(_, alarm)| watched_metrics(&alarm.properties));
        let log_metrics = of_type("AWS::Logs::MetricFilter").map(|_| 1);
        let alarms = Alarms { watched_metrics: watched.sum(), log_metrics: log_metrics.sum() };
        Ok(Self { constants, variables: globals.function.environment.variables, tables, functions, cors, alarms })
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

    /// The tables with their names: the logical ones, unless [`with_table_names`](Self::with_table_names) gave others.
    pub fn tables(&self) -> impl Iterator<Item = (&str, &TableProperties)> {
        self.tables.iter().map(|(name, properties)| (name.as_str(), properties))
    }

    /// The functions, in the order of their names.
    pub fn functions(&self) -> impl Iterator<Item = &Function> {
        self.functions.values()
    }

    /// The function with this name.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.get(name)
    }

    /// What front ends may do from a browser.
    pub fn cors(&self) -> &Cors {
        &self.cors
    }

    /// What the alarms cost.
    pub fn alarms(&self) -> Alarms {
        self.alarms
    }

    /// The variables of all functions that have a value here, with that value.
    pub fn variables(&self) -> impl Iterator<Item = (&str, String)> {
        let names = self.variables.keys();
        names.filter_map(|name| Some((name.as_str(), self.variable(name)?)))
    }

    /// The value of a variable of all functions: as it is written, a resource's logical name, or a parameter's default.
    pub fn variable(&self, name: &str) -> Option<String> {
        self.constants.resolve(self.variables.get(name)?)
    }
}

/// How many metrics an alarm watches: one, or those that its expression is computed from.
fn watched_metrics(alarm: &Value) -> u32 {
    let metrics = alarm.get("Metrics").and_then(Value::as_sequence);
    metrics.map_or(1, |metrics| metrics.iter().filter(|metric| metric.get("MetricStat").is_some()).map(|_| 1).sum())
}

#[cfg(test)]
mod tests;
