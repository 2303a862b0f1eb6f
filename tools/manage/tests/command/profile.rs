//! `manage users set-email` and `set-username`, and commands that clear failed logins.

use rstest::rstest;
use serde_json::json;

use crate::world::{PASSWORD, World};

#[tokio::test]
async fn a_former_email_stays_reserved_and_can_be_given_back() {
    let world = World::new().await;
    world.register("ada@example.com", "ada").await;
    let id = world.manage("users show ada --json").await.done().documents()[0]["id"].clone();

    let set = world.manage("users set-email ada Thief@Evil.example --yes --json").await.done().documents().remove(0);
    assert_eq!((&set["email"], &set["before"]["email"]), (&json!("Thief@evil.example"), &json!("ada@example.com")));
    assert_eq!(world.login_status("ada@example.com", PASSWORD).await, 401);
    assert_eq!(world.login_status("thief@evil.example", PASSWORD).await, 200);

    let none = world.manage("users show ada@example.com").await;
    none.is_error_with_hint("user not found: ada@example.com", &format!("it is a former address of id:{id}"));
    let taken = world.manage_with("users create --email Ada@example.com", PASSWORD).await;
    taken.is_error("email already in use");

    let back = world.manage(&format!("users set-email id:{id} ada@example.com --yes")).await.done().output;
    let expected = format!("email changed from Thief@evil.example: ada (ada@example.com, id {id}), created ");
    assert!(back.starts_with(&expected), "{back}");
    assert_eq!(world.login_status("ada@example.com", PASSWORD).await, 200);
}

#[tokio::test]
async fn a_former_username_can_be_used_again() {
    let world = World::new().await;
    world.register("ada@example.com", "ada").await;
    let set = world.manage("users set-username ada lovelace --yes").await.done().output;
    assert!(set.starts_with("username changed from ada: lovelace (ada@example.com, id "), "{set}");
    world.manage("users show ada").await.is_error("user not found: ada");
    world.register("other@example.com", "ada").await;
    let same = world.manage("users set-username lovelace lovelace --yes").await.done().output;
    assert!(same.starts_with("username unchanged: lovelace ("), "{same}");
}

#[tokio::test]
async fn a_disabled_user_stays_disabled_with_a_new_email() {
    let world = World::new().await;
    world.register("ada@example.com", "ada").await;
    world.manage("users disable ada --yes").await.done();
    let set = world.manage("users set-email ada ada@example.org --yes --json").await.done().documents().remove(0);
    assert_eq!(set["disabled"], true);
    assert_eq!(world.login_status("ada@example.org", PASSWORD).await, 401);
    world.manage("users enable ada").await.done();
    assert_eq!(world.login_status("ada@example.org", PASSWORD).await, 200);
}

#[rstest]
#[case::an_email_in_use("set-email ada GRACE@example.com --yes", "email already in use")]
#[case::a_username_in_use("set-username ada grace --yes", "username already in use")]
#[case::no_email("set-email ada nowhere --yes", "email: Enter a valid email address.")]
#[case::no_text("set-username ada \u{a0} --yes", "username: This field may not be blank.")]
#[case::nobody("set-email nobody nobody@example.com --yes", "user not found: nobody")]
#[case::unconfirmed(
    "set-email ada ada@example.org",
    "refusing without confirmation: stdin is not a terminal (pass --yes)"
)]
#[tokio::test]
async fn a_refused_change_changes_nothing(#[case] change: &str, #[case] reason: &str) {
    let world = World::new().await;
    world.register("ada@example.com", "ada").await;
    world.register("grace@example.com", "grace").await;
    let before = world.manage("users show ada --json").await.done().output;
    world.manage(&format!("users {change}")).await.is_error(reason);
    assert_eq!(world.manage("users show ada --json").await.done().output, before);
}

#[rstest]
#[case::by_itself("users unlock ada", "failed logins cleared: ada (")]
#[case::with_a_new_password("users set-password ada", "password changed, failed logins cleared: ada (")]
#[tokio::test]
async fn a_locked_out_user_can_log_in_again(#[case] command: &str, #[case] expected: &str) {
    let world = World::new().await;
    world.register("ada@example.com", "ada").await;
    world.manage("settings set LOGIN_MAX_FAILURES_PER_SOURCE 2").await.done();
    for _ in 0..2 {
        assert_eq!(world.login_status("ada@example.com", "a wrong one").await, 401);
    }
    assert_eq!(world.login_status("ada@example.com", PASSWORD).await, 429);
    let printed = world.manage_with(command, PASSWORD).await.done().output;
    assert!(printed.starts_with(expected), "{printed}");
    assert_eq!(world.login_status("ada@example.com", PASSWORD).await, 200);
}
