//! The functions of the template.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::document::{Constants, GlobalFunction, HttpApi, Resource};

/// A function.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// The name of its binary, its package and its folder.
    pub name: String,
    /// The paths of its routes, such as `/api/me/{proxy+}`; none if something else than the API invokes it.
    pub paths: Vec<String>,
    /// In MB.
    pub memory_mb: u32,
    /// How many requests a second API Gateway lets through to all its routes together, by the parameters' defaults.
    pub requests_per_second: f64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    build_properties: BuildProperties,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BuildProperties {
    binary: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Properties {
    memory_size: Option<u32>,
    #[serde(default)]
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
    method: String,
    path: String,
}

impl Function {
    /// The function that a resource of this logical name defines.
    pub(super) fn read(
        logical_name: &str,
        resource: &Resource,
        globals: &GlobalFunction,
        api: &HttpApi,
        constants: &Constants,
    ) -> Result<Self, String> {
        let metadata: Metadata =
            serde_norway::from_value(resource.metadata.clone()).map_err(|error| format!("{logical_name}: {error}"))?;
        let Properties { memory_size, events } = resource.read_properties(logical_name)?;
        let mut requests_per_second = 0.0;
        let mut paths = Vec::new();
        for Route { method, path } in events.into_values().map(|event| event.properties) {
            let route = format!("{method} {path}");
            let settings = api.route_settings.get(&route).unwrap_or(&api.default_route_settings);
            let limit = constants.resolve(&settings.throttling_rate_limit).and_then(|limit| limit.parse().ok());
            requests_per_second += limit.unwrap_or(f64::NAN);
            paths.push(path);
        }
        if requests_per_second.is_nan() {
            return Err(format!("{logical_name}: the throttling of its routes is not a number"));
        }
        let memory_mb = memory_size.unwrap_or(globals.memory_size);
        Ok(Self { name: metadata.build_properties.binary, paths, memory_mb, requests_per_second })
    }
}
