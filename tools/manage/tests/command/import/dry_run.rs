//! A dry run gives the same result as the import.

use std::fs;

use proptest::{collection::vec, prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::{Value, json};

use super::{PBKDF2, user, with};
use crate::world::World;

/// How many files are tried. They are always the same.
const FILES: usize = 12;

/// A user out of a few, some of whom are rejected.
fn row() -> impl Strategy<Value = Value> {
    let id = prop_oneof![9 => (1_u64..6).prop_map(Value::from), 1 => Just(json!("7"))];
    let username = prop_oneof![
        6 => "[abAB]".prop_map(Value::from),
        1 => Just(Value::Null),
        1 => Just(json!("user3")),
        1 => Just(json!("not a name")),
    ];
    let email = prop_oneof![9 => "[abAB]@(x|X)\\.example", 1 => Just("nowhere".to_owned())];
    let is_active =
        prop_oneof![7 => any::<bool>().prop_map(Value::from), 1 => Just(json!(0)), 1 => Just(json!("true"))];
    let password = prop_oneof![9 => Just(PBKDF2), 1 => Just("!")];
    (id, username, email, is_active, password).prop_map(|(id, username, email, is_active, password)| {
        let mut user = with(with(user(0, "", &email, password), "username", username), "is_active", is_active);
        user["pk"] = id;
        user
    })
}

impl World {
    /// The sorted lines of the report, none if there is none.
    fn reasons(&self) -> Vec<String> {
        let text = fs::read_to_string(self.folder().join("import-report.jsonl")).unwrap_or_default();
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    }
}

#[tokio::test]
async fn a_dry_run_gives_the_same_result_for_any_file() {
    let mut runner = TestRunner::deterministic();
    for _ in 0..FILES {
        let (there, file) = (vec(row(), 0..4), vec(row(), 1..12)).new_tree(&mut runner).unwrap().current();
        let world = World::new().await;
        world.import(&Value::from(there), "").await;
        let before = world.keys().await;
        let file = Value::from(file);

        let dry = world.import(&file, "--dry-run --json").await;
        let (predicted, after) = (world.reasons(), world.keys().await);
        let run = world.import(&file, "--json").await;

        assert_eq!(after, before, "a dry run writes nothing");
        let counts = |document: Value| ["added", "were_there", "refused"].map(|name| document[name].as_u64());
        let (counted, done) = (counts(dry.documents().remove(0)), counts(run.documents().remove(0)));
        assert_eq!((counted, predicted), (done, world.reasons()), "{file}");
        let again = world.import(&file, "--json").await;
        assert_eq!(again.documents()[0]["added"], 0, "{file}");
    }
}

#[tokio::test]
async fn a_rejected_user_blocks_nobody_in_a_dry_run_or_an_import() {
    let world = World::new().await;
    world.register("taken@example.com", "taken").await;
    let there = json!([user(1, "there", "there@example.com", PBKDF2)]);
    world.import(&there, "").await.done();
    let dump = json!([
        // Exists already, with another username and email.
        user(1, "ada", "ada@example.com", PBKDF2),
        // Another user has the email.
        user(2, "grace", "taken@example.com", PBKDF2),
        user(3, "ada", "ada@example.com", PBKDF2),
        user(2, "grace", "grace@example.com", PBKDF2),
        // Twice in the file.
        user(2, "grace2", "grace2@example.com", PBKDF2),
        user(4, "grace2", "grace2@example.com", PBKDF2),
    ]);
    let dry = world.import(&dump, "--dry-run").await;
    assert_eq!(dry.output, "would import 3, skip 1 (already present), reject 2 (see import-report.jsonl)\n");
    let predicted = world.reasons();
    let run = world.import(&dump, "").await;
    assert_eq!(run.output, "imported 3, skipped 1 (already present), rejected 2 (see import-report.jsonl)\n");
    assert_eq!(world.reasons(), predicted);
    assert!(
        predicted.iter().any(|line| line.contains("\"id: twice in the file, and the first one counts.\"")),
        "{predicted:?}"
    );
}
