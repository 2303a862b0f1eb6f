//! Unusual values of fields: they are understood or rejected, and never guessed.

use serde_json::{Value, json};

use super::{PBKDF2, user, with};
use crate::world::{PASSWORD, World};

#[tokio::test]
async fn an_inactive_user_cannot_log_in_and_an_unclear_one_is_rejected() {
    let world = World::new().await;
    let mut absent = user(1, "a1", "a1@example.com", PBKDF2);
    absent["fields"].as_object_mut().unwrap().remove("is_active");
    let values = [json!(true), json!(false), json!(0), json!(null), json!("false"), json!("true"), json!(1), json!([])];
    let mut dump = vec![absent];
    for (value, id) in values.into_iter().zip(2..) {
        dump.push(with(user(id, &format!("a{id}"), &format!("a{id}@example.com"), PBKDF2), "is_active", value));
    }
    assert_eq!(world.import(&Value::from(dump), "").await.status, 3);

    let mut logins = Vec::new();
    for id in 1..=9 {
        logins.push(world.login_status(&format!("a{id}@example.com"), PASSWORD).await);
    }
    assert_eq!(logins, [200, 200, 401, 401, 401, 401, 401, 401, 401]);
    let report = world.report();
    let mut refused: Vec<_> = report.iter().map(|line| line["id"].as_u64().unwrap()).collect();
    refused.sort_unstable();
    assert_eq!(refused, [6, 7, 8, 9]);
    assert!(report.iter().all(|line| line["reason"] == "is_active: neither true nor false."), "{report:?}");
    let disabled = world.manage("users list --all --json").await.done().documents();
    let disabled: Vec<_> = disabled.iter().filter(|user| user["disabled"] == true).collect();
    assert_eq!(disabled.len(), 3, "{disabled:?}");
}

#[tokio::test]
async fn an_import_trims_fields_as_the_api_does_and_fills_in_missing_usernames() {
    let world = World::new().await;
    let dump = json!([
        with(user(1, "", "  ada@example.com\n", PBKDF2), "username", json!(null)),
        user(2, "", "grace@example.com", PBKDF2),
        user(3, "\u{2003} \t", "alan@example.com", PBKDF2),
        user(4, " edsger\u{a0}", "edsger@example.com", PBKDF2),
        user(5, "nobody", " \n", PBKDF2),
    ]);
    assert_eq!(world.import(&dump, "").await.status, 3);
    let mut users = world.manage("users list --all --json").await.done().documents();
    users.sort_by_key(|user| user["id"].as_u64());
    let users: Vec<_> = users.iter().map(|user| json!([user["username"], user["email"]])).collect();
    let expected = [
        json!(["user1", "ada@example.com"]),
        json!(["user2", "grace@example.com"]),
        json!(["user3", "alan@example.com"]),
        json!(["edsger", "edsger@example.com"]),
    ];
    assert_eq!(users, expected);
    assert_eq!(world.report()[0]["reason"], "email: This field may not be blank.");
    assert_eq!(world.login_status("ada@example.com", PASSWORD).await, 200);
}

#[tokio::test]
async fn a_date_is_read_in_every_form_or_rejected() {
    let world = World::new().await;
    let dates = [
        json!("2024-02-29 12:00"),
        json!("2024-02-29 14:00:00.5+02"),
        json!("2024-02-29T12:00:00"),
        json!(1_709_208_000),
        json!(["2024-02-29"]),
        json!("29.2.2024"),
    ];
    let dump: Value = dates
        .into_iter()
        .zip(1..)
        .map(|(date, id)| with(user(id, &format!("a{id}"), &format!("a{id}@example.com"), PBKDF2), "date_joined", date))
        .collect();
    let ended = world.import(&dump, "").await;
    assert_eq!(ended.output, "imported 3, skipped 0 (already present), rejected 3 (see import-report.jsonl)\n");
    let users = world.manage("users list --all --json").await.done().documents();
    assert!(users.iter().all(|user| user["created_at"] == "2024-02-29T12:00:00Z"), "{users:?}");
    assert!(world.report().iter().all(|line| line["reason"] == "date_joined: no time since 1970."));
}

#[tokio::test]
async fn statement_5_an_argon2i_hash_of_an_old_django_logs_in_and_is_replaced() {
    // Made by Django 3.1.14.
    const ARGON2I: &str = "argon2$argon2i$v=19$m=512,t=2,p=2$NGNHZDBITkhNTmc5$R60Bt2+wujkg048mYI9oJw";
    let world = World::new().await;
    world.import(&json!([user(1, "ada", "ada@example.com", ARGON2I)]), "").await.done();
    assert_eq!(world.login_status("ada@example.com", "wrong horse battery staple").await, 401);
    assert_eq!(world.login_status("ada@example.com", PASSWORD).await, 200);
    let exported = world.manage("export").await.done().documents().remove(0);
    assert!(exported["password_hash"].as_str().unwrap().starts_with("$argon2id$"));
    assert_eq!(world.login_status("ada@example.com", PASSWORD).await, 200);
}
