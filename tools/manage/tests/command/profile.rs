//! `manage users set-email` and `set-username`, and what lifts the lock of failed logins.

use rstest::rstest;
use serde_json::json;

use crate::world::{PASSWORD, World};

#[tokio::test]
async fn an_address_that_was_taken_over_is_given_back_and_was_kept_from_others() {
    let world = World::new().await;
    world.register("ada@example.com", "ada").await;
    let id = world.manage("users show ada --json").await.done().documents()[0]["id"].clone();

    let set = world.manage("users set-email ada Thief@Evil.example --yes --json").await.done().documents().remove(0);
    assert_eq!((&set["email"], &set["before"]["email"]), (&json!("Thief@evil.example"), &json!("ada@example.com")));
    assert_eq!(world.login_status("ada@example.com", PASSWORD).await, 401);
    assert_eq!(world.login_status("thief@evil.example", PASSWORD).await, 200);

    let none = world.manage("users show ada@example.com").await;
    none.is_error(&format!("there is no user ada@example.com; it is a former address of id:{id}"));
    let taken = world.manage_with("users create --email Ada@example.com", PASSWORD).await;
    taken.is_error("another user has that email");

    let back = world.manage(&format!("users set-email id:{id} ada@example.com --yes")).await.done().output;
    let expected = format!("email was Thief@evil.example: ada (ada@example.com, id {id}), since ");
    assert!(back.starts_with(&expected), "{back}");
    assert_eq!(world.login_status("ada@example.com", PASSWORD).await, 200);
}

#[tokio::test]
async fn another_name_is_given_and_the_former_one_is_free() {
    let world = World::new().await;
    world.register("ada@example.com", "ada").await;
    let set = world.manage("users set-username ada lovelace --yes").await.done().output;
    assert!(set.starts_with("username was ada: lovelace (ada@example.com, id "), "{set}");
    world.manage("users show ada").await.is_error("there is no user ada");
    world.register("other@example.com", "ada").await;
    let same = world.manage("users set-username lovelace lovelace --yes").await.done().output;
    assert!(same.starts_with("username was that already: lovelace ("), "{same}");
}

#[tokio::test]
async fn whoever_is_disabled_can_be_given_another_address_and_stays_disabled() {
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
#[case::an_address_of_another("set-email ada GRACE@example.com --yes", "another user has that email")]
#[case::a_name_of_another("set-username ada grace --yes", "another user has that username")]
#[case::no_address("set-email ada nowhere --yes", "email: Enter a valid email address.")]
#[case::no_text("set-username ada \u{a0} --yes", "username: This field may not be blank.")]
#[case::nobody("set-email nobody nobody@example.com --yes", "there is no user nobody")]
#[case::unasked("set-email ada ada@example.org", "nobody is there to be asked: say --yes")]
#[tokio::test]
async fn what_cannot_be_given_changes_nothing(#[case] change: &str, #[case] reason: &str) {
    let world = World::new().await;
    world.register("ada@example.com", "ada").await;
    world.register("grace@example.com", "grace").await;
    let before = world.manage("users show ada --json").await.done().output;
    world.manage(&format!("users {change}")).await.is_error(reason);
    assert_eq!(world.manage("users show ada --json").await.done().output, before);
}

#[rstest]
#[case::by_itself("users unlock ada", "unlocked, no failed login from before counts: ada (")]
#[case::with_a_new_password("users set-password ada", "new password, and no failed login from before counts: ada (")]
#[tokio::test]
async fn a_lock_is_lifted(#[case] command: &str, #[case] told: &str) {
    let world = World::new().await;
    world.register("ada@example.com", "ada").await;
    world.manage("settings set LOGIN_MAX_FAILURES_PER_SOURCE 2").await.done();
    for _ in 0..2 {
        assert_eq!(world.login_status("ada@example.com", "a wrong one").await, 401);
    }
    assert_eq!(world.login_status("ada@example.com", PASSWORD).await, 429);
    let lifted = world.manage_with(command, PASSWORD).await.done().output;
    assert!(lifted.starts_with(told), "{lifted}");
    assert_eq!(world.login_status("ada@example.com", PASSWORD).await, 200);
}
