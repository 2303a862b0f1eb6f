//! The commands of the project: all are recipes in the justfile, and `.ci/run` and GitHub run the same ones.

use std::{collections::BTreeSet, fs, path::Path};

const JUSTFILE: &str = include_str!("../../justfile");
const CI: &str = include_str!("../../.ci/run");
const WORKFLOW: &str = include_str!("../../.github/workflows/ci.yml");

/// The names of recipes, from lines such as `bench *options:`.
fn recipes() -> BTreeSet<&'static str> {
    let heads = JUSTFILE.lines().filter(|line| line.starts_with(|letter: char| letter.is_ascii_lowercase()));
    let heads = heads.filter(|line| line.contains(':') && !line.contains(":=") && !line.starts_with("set "));
    heads.map(|line| line.split([' ', ':']).next().unwrap_or(line)).collect()
}

/// The recipes that `.ci/run` runs: in the foreground, and in lanes, where a niceness comes first.
fn steps() -> BTreeSet<&'static str> {
    let foreground = CI.lines().filter_map(|line| line.strip_prefix("step "));
    let lanes = CI.lines().filter_map(|line| line.strip_prefix("lane ")).flat_map(|line| line.split(' ').skip(1));
    foreground.chain(lanes).collect()
}

/// The recipes that the workflow runs: by name, and through the matrix of targets.
fn jobs() -> BTreeSet<&'static str> {
    let named = WORKFLOW.lines().filter_map(|line| line.trim().strip_prefix("- run: just "));
    let matrix = WORKFLOW.lines().filter_map(|line| line.trim().strip_prefix("recipe: [")?.strip_suffix(']'));
    named.filter(|name| *name != "\"$RECIPE\"").chain(matrix.flat_map(|list| list.split(", "))).collect()
}

#[test]
fn ci_runs_the_same_recipes_locally_and_on_github() {
    assert!(steps().len() > 15, "{:?}", steps());
    assert_eq!(steps(), jobs());
    let unknown: Vec<_> = steps().difference(&recipes()).copied().collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn every_recipe_has_a_description_and_a_group() {
    let lines: Vec<_> = JUSTFILE.lines().collect();
    for name in recipes().into_iter().filter(|name| *name != "default") {
        let is_head = |line: &str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', ':']));
        let head = lines.windows(3).find(|three| is_head(three[2]));
        let described = head.is_some_and(|head| head[0].starts_with("# ") && head[1].starts_with("[group('"));
        assert!(described, "{name}");
    }
}

#[test]
fn every_script_has_a_recipe() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut scripts = Vec::new();
    for folder in [".ci", "tests/targets", "tests/load", "tests/migration", "tests/browser", "tools/bench"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{folder}/{}", entry.file_name().to_str().unwrap());
            let is_script = || fs::read(entry.path()).unwrap().starts_with(b"#!");
            if entry.file_type().unwrap().is_file() && is_script() {
                scripts.push(name);
            }
        }
    }
    // This one installs `just` itself.
    scripts.retain(|script| script != ".ci/just");
    assert!(scripts.len() > 10, "{scripts:?}");
    let lines: BTreeSet<_> = JUSTFILE.lines().filter_map(|line| line.trim().split(' ').next()).collect();
    let missing: Vec<_> = scripts.iter().filter(|script| !lines.contains(script.as_str())).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_ci_workflow_is_read_only_and_every_job_has_a_time_limit() {
    assert!(WORKFLOW.contains("\npermissions:\n  contents: read\n"));
    assert_eq!(WORKFLOW.matches("permissions:").count(), 1);
    assert_eq!(WORKFLOW.matches("timeout-minutes: ").count(), WORKFLOW.matches("runs-on: ").count());
    assert!(!WORKFLOW.contains("secrets."));
}
