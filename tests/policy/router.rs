//! Compares the routes of `cargo lambda watch` in `Cargo.toml` with those of the template.

use std::{collections::BTreeMap, process::Command};

use local::template::Template;
use serde_json::Value;

#[test]
fn cargo_lambda_watch_has_the_routes_of_the_template() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline", "--manifest-path", manifest])
        .output()
        .unwrap();
    assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let router = metadata["metadata"]["lambda"]["watch"]["router"].as_object().unwrap();
    let router: BTreeMap<_, _> =
        router.iter().map(|(route, function)| (route.clone(), function.as_str().unwrap().to_owned())).collect();

    let template = Template::read().unwrap();
    let mut expected = BTreeMap::new();
    for function in template.functions() {
        for route in &function.paths {
            // In API Gateway, a greedy route also matches the path with a trailing slash.
            let below = route.strip_suffix("/{proxy+}").map(|path| [format!("{path}/"), format!("{path}/{{*below}}")]);
            let routes = below.map_or_else(|| vec![route.clone()], Vec::from);
            expected.extend(routes.into_iter().map(|route| (route, function.name.clone())));
        }
    }
    assert_eq!(router, expected, "change [workspace.metadata.lambda.watch.router] in Cargo.toml");
}
