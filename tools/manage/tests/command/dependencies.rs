//! What the command is built from: of this workspace `shared` and `stack`, and so no local stack, no function and no database.

use std::{collections::BTreeSet, process::Command};

use serde_json::Value;

/// What cargo prints for these arguments.
fn cargo(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO"));
    command.args(arguments).args(["--offline", "--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The packages that the command links, by name.
fn linked() -> BTreeSet<String> {
    let tree = cargo(&["tree", "--edges", "normal", "--prefix", "none"]);
    tree.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

/// The packages of this workspace, by name.
fn workspace() -> BTreeSet<String> {
    let metadata: Value = serde_json::from_str(&cargo(&["metadata", "--no-deps", "--format-version", "1"])).unwrap();
    metadata["packages"].as_array().unwrap().iter().map(|package| package["name"].as_str().unwrap().into()).collect()
}

#[test]
fn of_this_workspace_only_shared_and_stack_are_linked() {
    let expected = ["manage", "shared", "stack"].map(str::to_owned).into();
    assert_eq!(&linked() & &workspace(), expected);
}

#[test]
fn no_web_server_and_no_embedded_database_is_linked() {
    let linked = linked();
    for package in ["axum", "dynoxide-rs", "libsqlite3-sys", "rusqlite", "tower-http", "utoipa-swagger-ui-vendored"] {
        assert!(!linked.contains(package), "manage links {package}");
    }
}
