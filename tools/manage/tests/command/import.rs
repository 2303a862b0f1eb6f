//! `manage import-django`, `manage import` and `manage export`.

mod dry_run;
mod fields;
mod formats;
mod interruption;
mod json_lines;
mod report;

use std::{collections::BTreeSet, fs};

use serde_json::{Value, json};

use crate::world::{Ended, PASSWORD, World};

/// The hash of [`PASSWORD`], made by Django 5.2.19.
const PBKDF2: &str = "pbkdf2_sha256$260000$AXuOMvPIhF0NhFxm3HwztS$MupH8gdf0ZNe4lprhCHv7KfAt4Gi/HNjuHEHl2Jgx8w=";
const ARGON2: &str = "argon2$argon2id$v=19$m=8192,t=3,p=4$NjhKc0k2S3kxWWg2aExLRm9PRURoOA$\
                      +7pisqBQmCKg3TiH1khwbaxZroTPyN/ZP0LiGTGgnkg";

/// A user as `dumpdata` prints them.
fn user(id: u64, username: &str, email: &str, password: &str) -> Value {
    json!({
        "model": "auth.user",
        "pk": id,
        "fields": {
            "password": password, "last_login": null, "is_superuser": false, "username": username, "first_name": "",
            "last_name": "", "email": email, "is_staff": false, "is_active": true,
            "date_joined": "2024-02-29T12:00:00.123Z", "groups": [], "user_permissions": [],
        },
    })
}

/// The user with one field changed.
fn with(mut user: Value, name: &str, value: Value) -> Value {
    user["fields"][name] = value;
    user
}

impl World {
    async fn import(&self, dump: &Value, arguments: &str) -> Ended {
        fs::write(self.folder().join("users.json"), dump.to_string()).unwrap();
        self.manage(&format!("import-django users.json {arguments}")).await
    }

    /// The lines of the report.
    fn report(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.folder().join("import-report.jsonl")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The keys of all users' items.
    async fn keys(&self) -> BTreeSet<String> {
        let client = local::Database::at(&self.stack.dynamodb_url).client().await;
        let mut keys = BTreeSet::new();
        let mut items = client.scan().table_name("UsersTable").into_paginator().items().send();
        while let Some(item) = items.next().await {
            keys.insert(item.unwrap()["pk"].as_s().unwrap().clone());
        }
        keys.retain(|key| !key.starts_with("registrations#"));
        keys
    }
}

#[tokio::test]
async fn statement_5_users_with_either_hash_log_in_and_keep_their_data() {
    let world = World::new().await;
    let dump = json!([
        { "model": "shop.product", "pk": "a9", "fields": { "username": 7, "email": [] } },
        user(1, "ada", "Ada@Example.com", PBKDF2),
        user(2, "grace.hopper+navy@x_y-z", "grace@example.com", ARGON2),
        with(user(3, "alan", "alan@example.com", PBKDF2), "is_active", json!(false)),
        with(user(9_007_199_254_740_991, "ünïcödé", "uni@example.com", PBKDF2), "date_joined", json!("2024-02-29T15:00:00+03:00")),
    ]);
    let ended = world.import(&dump, "").await.done();
    assert_eq!(ended.output, "imported 4, skipped 0 (already present), rejected 0\n");
    for (email, status) in
        [("ada@example.com", 200), ("grace@example.com", 200), ("alan@example.com", 401), ("uni@example.com", 200)]
    {
        assert_eq!(world.login_status(email, PASSWORD).await, status, "{email}");
        assert_eq!(world.login_status(email, "wrong horse").await, 401, "{email}");
    }
    let [access, _] = world.log_in("ada@example.com").await;
    assert_eq!(world.me(&access).await.1, json!({ "id": 1, "username": "ada", "email": "Ada@example.com" }));
    let shown = world.manage("users show 9007199254740991 --json").await.done().documents().remove(0);
    assert_eq!((&shown["created_at"], &shown["username"]), (&json!("2024-02-29T12:00:00Z"), &json!("ünïcödé")));
    let alan = world.manage("users show alan --json").await.done().documents().remove(0);
    assert_eq!((&alan["disabled"], &alan["id"]), (&json!(true), &json!(3)));
    assert!(!world.folder().join("import-report.jsonl").exists());
}

#[tokio::test]
async fn rejected_users_are_listed_with_every_reason_and_the_others_are_imported() {
    let world = World::new().await;
    world.register("taken@example.com", "taken").await;
    let dump = json!([
        user(1, "ada", "ada@example.com", PBKDF2),
        user(2, "ada2", "ADA@EXAMPLE.COM", PBKDF2),
        user(3, "unusable", "unusable@example.com", "!Yr3jn7Yb1LO7aBcD"),
        user(4, "md5", "md5@example.com", "md5$salt$5d41402abc4b2a76b9719d911017c592"),
        user(
            5,
            "dear",
            "dear@example.com",
            "pbkdf2_sha256$900000000$salt$MupH8gdf0ZNe4lprhCHv7KfAt4Gi/HNjuHEHl2Jgx8w="
        ),
        user(6, "with blank", "nowhere", ""),
        user(7, "taken", "Taken@example.com", PBKDF2),
        with(user(8, "when", "when@example.com", PBKDF2), "date_joined", json!("yesterday")),
        json!({ "model": "auth.user", "pk": "5b0c", "fields": { "username": "uuid", "email": "uuid@example.com", "password": PBKDF2 } }),
        user(10, "last", "last@example.com", PBKDF2),
    ]);
    let ended = world.import(&dump, "").await;
    assert_eq!(ended.status, 3);
    assert_eq!(ended.output, "imported 2, skipped 0 (already present), rejected 8 (see import-report.jsonl)\n");
    let mut reasons: Vec<_> = world.report();
    reasons.sort_by_key(|refused| refused["id"].as_u64());
    let reasons: Vec<_> =
        reasons.iter().map(|refused| (refused["id"].clone(), refused["reason"].as_str().unwrap())).collect();
    let expected = [
        (json!("5b0c"), "id: must be a whole number from 1 to 9007199254740991."),
        (json!(2), "email: another user has it, perhaps in other case."),
        (json!(3), "password: unusable, the user has none."),
        (json!(4), "password hash: another scheme."),
        (json!(5), "password hash: iterations out of bounds."),
        (
            json!(6),
            "username: Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters. email: Enter a valid email address. password: none.",
        ),
        (json!(7), "username: another user has it. email: another user has it, perhaps in other case."),
        (json!(8), "date_joined: no time since 1970."),
    ];
    assert_eq!(reasons, expected);
    assert_eq!(world.login_status("last@example.com", PASSWORD).await, 200);
    let report = fs::read_to_string(world.folder().join("import-report.jsonl")).unwrap();
    assert!(!report.contains('$'), "no hash: {report}");
}

#[tokio::test]
async fn a_second_import_adds_new_users_and_changes_none() {
    let world = World::new().await;
    let mut dump = json!([user(1, "ada", "ada@example.com", PBKDF2), user(2, "grace", "grace@example.com", ARGON2)]);
    world.import(&dump, "").await.done();
    let [access, _] = world.log_in("ada@example.com").await;
    let moved = json!({ "email": "ada@example.org" });
    assert_eq!(world.call(reqwest::Method::PATCH, "me", &access, &moved).await.0, 200);

    dump.as_array_mut().unwrap().push(user(3, "alan", "alan@example.com", PBKDF2));
    let ended = world.import(&dump, "--json").await.done();
    assert_eq!(
        ended.documents(),
        [json!({ "added": 1, "were_there": 2, "refused": 0, "dry_run": false, "report": null })]
    );
    assert_eq!(world.me(&access).await.1["email"], "ada@example.org");
    assert_eq!(world.login_status("alan@example.com", PASSWORD).await, 200);
}

#[tokio::test]
async fn a_dry_run_rejects_the_same_users_and_writes_none() {
    let world = World::new().await;
    world.register("taken@example.com", "taken").await;
    let before = world.keys().await;
    let dump = json!([
        user(1, "ada", "ada@example.com", PBKDF2),
        user(2, "ada", "ada2@example.com", PBKDF2),
        user(3, "ada3", "Ada@example.com", PBKDF2),
        user(4, "other", "taken@example.com", PBKDF2),
        user(5, "none", "none@example.com", "!"),
    ]);
    let dry = world.import(&dump, "--dry-run").await;
    assert_eq!(dry.status, 3);
    assert_eq!(dry.output, "would import 1, skip 0 (already present), reject 4 (see import-report.jsonl)\n");
    assert_eq!(world.keys().await, before);
    let sorted = |mut report: Vec<Value>| {
        report.sort_by_key(|refused| refused["id"].as_u64());
        report
    };
    let found = sorted(world.report());
    world.import(&dump, "").await;
    assert_eq!(sorted(world.report()), found);
}

#[tokio::test]
async fn the_first_of_two_duplicates_is_imported() {
    let world = World::new().await;
    let users: Vec<_> =
        (1..=60).map(|id| user(id, &format!("name{id}"), &format!("a{}@example.com", id % 20), PBKDF2)).collect();
    assert_eq!(world.import(&Value::from(users), "").await.status, 3);
    let all = world.manage("users list --all --json").await.done().documents();
    let mut ids: Vec<_> = all.iter().map(|user| user["id"].as_u64().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids, (1..=20).collect::<Vec<_>>());
}

#[tokio::test]
async fn users_of_a_custom_model_may_have_no_username() {
    let world = World::new().await;
    let dump = json!([{ "model": "accounts.customer", "pk": 12, "fields": { "email": "ada@example.com", "password": PBKDF2 } }]);
    let none = world.import(&dump, "").await;
    none.is_error_with_hint(
        "users.json: no auth.user in the file",
        "choose one of its models with --model: accounts.customer",
    );
    world.import(&dump, "--model accounts.Customer").await.done();
    let [access, _] = world.log_in("ada@example.com").await;
    assert_eq!(world.me(&access).await.1["username"], "user12");
}

#[tokio::test]
async fn the_complete_users_of_a_truncated_file_are_imported_and_the_rest_later() {
    let world = World::new().await;
    let users: Vec<_> =
        (1..=9).map(|id| user(id, &format!("name{id}"), &format!("a{id}@example.com"), PBKDF2)).collect();
    let whole = Value::from(users).to_string();
    let cut = world.manage_with("import-django -", whole[..whole.len() / 2].to_owned()).await;
    assert_eq!(cut.status, 1);
    assert!(
        cut.errors.starts_with("error: -: ends too early: EOF while parsing a string at line 1 column "),
        "{cut:?}"
    );
    assert_eq!(cut.output, "imported 4, skipped 0 (already present), rejected 0\n");
    assert_eq!(world.keys().await.len(), 4 * 3);
    let ended = world.manage_with("import-django -", whole).await.done();
    assert_eq!(ended.output, "imported 5, skipped 4 (already present), rejected 0\n");
}

#[tokio::test]
async fn a_field_of_ten_megabytes_is_rejected_and_not_copied_to_the_report() {
    let world = World::new().await;
    let dump = json!([
        user(1, &"x".repeat(10_000_000), "ada@example.com", PBKDF2),
        user(2, "grace", "grace@example.com", PBKDF2)
    ]);
    let ended = world.import(&dump, "").await;
    assert_eq!(
        (ended.status, ended.output.as_str()),
        (3, "imported 1, skipped 0 (already present), rejected 1 (see import-report.jsonl)\n")
    );
    assert_eq!(world.report()[0]["reason"], "username: Ensure this field has no more than 150 characters.");
    assert!(fs::metadata(world.folder().join("import-report.jsonl")).unwrap().len() < 1_000);
}

#[tokio::test]
async fn a_missing_file_is_named() {
    let ended = World::new().await.manage("import-django users.json").await;
    ended.is_error("users.json: No such file or directory (os error 2)");
}

#[tokio::test]
async fn an_export_can_be_imported_into_another_stack() {
    let world = World::new().await;
    let dump = json!([
        user(1, "ada", "Ada@example.com", PBKDF2),
        with(user(2, "grace", "grace@example.com", ARGON2), "is_active", json!(false)),
    ]);
    world.import(&dump, "").await.done();
    world.register("alan@example.com", "alan").await;
    let exported = world.manage("export --output users.jsonl").await.done();
    assert_eq!(exported.errors, "exported 3 users\nhint: the output contains password hashes; keep it secret\n");
    let again = world.manage("export --output users.jsonl").await;
    assert!(
        again.status == 1 && again.errors.contains("users.jsonl: File exists"),
        "no file is overwritten: {again:?}"
    );
    let text = fs::read_to_string(world.folder().join("users.jsonl")).unwrap();

    let other = World::new().await;
    let ended = other.manage_with("import -", text).await.done();
    assert_eq!(ended.output, "imported 3, skipped 0 (already present), rejected 0\n");
    let users = async |world: &World| -> BTreeSet<String> {
        world.manage("users list --all --json").await.done().output.lines().map(str::to_owned).collect()
    };
    assert_eq!(users(&other).await, users(&world).await);
    for (email, status) in [("ada@example.com", 200), ("grace@example.com", 401), ("alan@example.com", 200)] {
        assert_eq!(other.login_status(email, PASSWORD).await, status, "{email}");
    }
}
