//! Statement 8: which locks strangers can cause, and how the owner can log in nevertheless.

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::join_all;
use login::Login;
use rstest::rstest;
use serde_json::{Value, json};
use shared::{
    domain::{Email, Field},
    passwords::PasswordRules,
    store::AccessChange,
};

use crate::{
    logs,
    world::{PASSWORD, World},
};

const ADA: &str = "ada@example.com";
const OWNER: &str = "198.51.100.23";
const STRANGER: &str = "203.0.113.66";
const HOUR: u64 = 3_600;

fn guess() -> Value {
    json!({ "email": ADA, "password": "wrong horse" })
}

fn right() -> Value {
    json!({ "email": ADA, "password": PASSWORD })
}

async fn world_with_ada() -> World {
    let world = World::new().await;
    assert_eq!(world.register(ADA).await.status, 201);
    world
}

async fn log_in_from(world: &World, source: &str) -> i64 {
    world.post_from::<Login>(source, &right()).await.status
}

/// Exhausts the limit of the account with guesses from ten addresses.
async fn lock(world: &World) {
    let guesses = async {
        for network in 0..10 {
            for _ in 0..10 {
                world.post_from::<Login>(&format!("192.0.2.{network}"), &guess()).await;
            }
        }
    };
    world.with_cheap_failures(ADA, guesses).await;
}

async fn keys(world: &World, prefix: &str) -> Vec<String> {
    let items = world.client.scan().table_name("UsersTable").send().await.unwrap().items.unwrap();
    let keys = items.iter().map(|item| item["pk"].as_s().unwrap().clone());
    keys.filter(|key| key.starts_with(prefix)).collect()
}

#[rstest]
#[case::single_guesses(1, 60)]
#[case::bursts_of_fifty(50, 450)]
#[tokio::test]
async fn statement_8_guesses_from_one_address_never_lock_out_the_owner(#[case] at_once: usize, #[case] pause: u64) {
    let world = world_with_ada().await;
    for second in (0..2 * HOUR).step_by(usize::try_from(pause).unwrap()) {
        let body = guess();
        let guesses = join_all((0..at_once).map(|_| world.post_from::<Login>(STRANGER, &body)));
        world.with_cheap_failures(ADA, guesses).await;
        // From a new source address each time.
        let somewhere = format!("198.51.{}.{}", second / 256 % 256, second % 256);
        assert_eq!(log_in_from(&world, &somewhere).await, 200, "after {second} s");
        world.wait(pause);
    }
}

#[tokio::test]
async fn statement_8_guesses_from_many_addresses_lock_unknown_sources_out_for_an_hour() {
    let world = world_with_ada().await;
    lock(&world).await;
    assert_eq!(log_in_from(&world, OWNER).await, 429);
    world.wait(HOUR);
    assert_eq!(log_in_from(&world, OWNER).await, 200);
}

#[tokio::test]
async fn statement_8_a_source_of_an_earlier_login_is_not_locked_out() {
    let world = world_with_ada().await;
    world.post_from::<Login>("192.0.2.0", &guess()).await;
    assert_eq!(log_in_from(&world, OWNER).await, 200);
    lock(&world).await;
    assert_eq!(log_in_from(&world, OWNER).await, 200);
    assert_eq!(log_in_from(&world, "198.51.100.99").await, 429);
    // A wrong password from there is refused as such, up to the limit of the source.
    for _ in 0..10 {
        assert_eq!(world.post_from::<Login>(OWNER, &guess()).await.status, 401);
    }
    assert_eq!(log_in_from(&world, OWNER).await, 429);
}

#[rstest]
#[case::a_day_before_expiry(29, 200)]
#[case::at_expiry(30, 429)]
#[tokio::test]
async fn statement_8_a_source_stays_known_for_thirty_days(#[case] days: u64, #[case] status: i64) {
    let world = world_with_ada().await;
    world.post_from::<Login>("192.0.2.0", &guess()).await;
    assert_eq!(log_in_from(&world, OWNER).await, 200);
    world.wait(days * 24 * HOUR);
    lock(&world).await;
    assert_eq!(log_in_from(&world, OWNER).await, status);
}

#[tokio::test]
async fn statement_8_a_source_is_remembered_only_during_failures_and_without_the_email() {
    let world = world_with_ada().await;
    assert_eq!(log_in_from(&world, OWNER).await, 200);
    assert_eq!(keys(&world, "known#").await, [""; 0]);
    world.post_from::<Login>(STRANGER, &guess()).await;
    assert_eq!(log_in_from(&world, OWNER).await, 200);
    let known = keys(&world, "known#").await;
    assert_eq!(known.len(), 1);
    assert!(known[0].ends_with(OWNER) && !known[0].contains("ada"), "{known:?}");
    // It is written once, not at each login.
    assert_eq!(log_in_from(&world, OWNER).await, 200);
    assert_eq!(world.requests.rounds_and_all(), (2, 3));
}

#[tokio::test]
async fn statement_8_a_known_source_bypasses_only_the_limit_of_the_account() {
    let world = world_with_ada().await;
    world.post_from::<Login>("192.0.2.0", &guess()).await;
    assert_eq!(log_in_from(&world, OWNER).await, 200);
    for _ in 0..10 {
        assert_eq!(world.post_from::<Login>(OWNER, &guess()).await.status, 401);
    }
    assert_eq!(log_in_from(&world, OWNER).await, 429);
}

#[rstest]
#[case::an_unlock(false)]
#[case::a_new_password(true)]
#[tokio::test]
async fn statement_8_an_operator_can_lift_the_lock_for_every_source(#[case] with_new_password: bool) {
    let world = world_with_ada().await;
    lock(&world).await;
    world.wait(1);
    let users = world.service.users();
    let account = world.account(ADA).await;
    let change = if with_new_password {
        let password = Field::parse("another horse battery staple").unwrap();
        let judged = PasswordRules::new("").judge(password, None, &Email::parse(ADA).unwrap()).unwrap();
        AccessChange::Password(world.service.hasher().hash(judged).await.unwrap())
    } else {
        AccessChange::Unlock
    };
    users.change_access(account, &change).await.unwrap().unwrap();
    let password = if with_new_password { "another horse battery staple" } else { PASSWORD };
    let body = json!({ "email": ADA, "password": password });
    for source in [OWNER, "192.0.2.0"] {
        assert_eq!(world.post_from::<Login>(source, &body).await.status, 200, "{source}");
    }
    // Counting restarts, even within the second of the unlock.
    for _ in 0..10 {
        assert_eq!(world.post_from::<Login>("192.0.2.0", &guess()).await.status, 401);
    }
    assert_eq!(world.post_from::<Login>("192.0.2.0", &guess()).await.status, 429);
}

#[tokio::test]
async fn statement_8_an_unlock_by_a_clock_ahead_does_not_exempt_later_failures() {
    let world = world_with_ada().await;
    lock(&world).await;
    for key in keys(&world, "email#").await {
        world.set_user(&key, "unlocked_at", AttributeValue::N((1_800_000_000_u64 + 300).to_string())).await;
    }
    for _ in 0..10 {
        assert_eq!(world.post_from::<Login>(STRANGER, &guess()).await.status, 401);
    }
    assert_eq!(world.post_from::<Login>(STRANGER, &guess()).await.status, 429);
}

#[rstest]
#[case::an_expired_lock(false)]
#[case::a_lifted_lock(true)]
#[tokio::test]
async fn statement_8_a_login_after_a_lock_makes_the_source_known_for_the_next_one(#[case] unlocked: bool) {
    let world = world_with_ada().await;
    lock(&world).await;
    if unlocked {
        let users = world.service.users();
        let account = world.account(ADA).await;
        users.change_access(account, &AccessChange::Unlock).await.unwrap().unwrap();
    } else {
        world.wait(HOUR);
    }
    assert_eq!(log_in_from(&world, OWNER).await, 200);
    world.wait(HOUR);
    lock(&world).await;
    assert_eq!(log_in_from(&world, OWNER).await, 200);
    assert_eq!(log_in_from(&world, "198.51.100.99").await, 429);
}

#[tokio::test]
async fn statement_8_counters_of_an_earlier_version_count_and_can_be_unlocked() {
    let world = world_with_ada().await;
    for _ in 0..10 {
        world.post_from::<Login>(STRANGER, &guess()).await;
    }
    for key in keys(&world, "failures#").await {
        let update = world.client.update_item().table_name("UsersTable").key("pk", AttributeValue::S(key));
        update.update_expression("REMOVE began_at").send().await.unwrap();
    }
    assert_eq!(log_in_from(&world, STRANGER).await, 429);
    let users = world.service.users();
    let account = world.account(ADA).await;
    users.change_access(account, &AccessChange::Unlock).await.unwrap().unwrap();
    assert_eq!(log_in_from(&world, STRANGER).await, 200);
    assert_eq!(world.post_from::<Login>(STRANGER, &guess()).await.status, 401);
}

#[tokio::test]
async fn password_spraying_is_limited_for_each_source() {
    let world = world_with_ada().await;
    for number in 0..100 {
        let body = json!({ "email": format!("user{number}@example.com"), "password": "Summer2026!" });
        assert_eq!(world.post_from::<Login>(STRANGER, &body).await.status, 401);
    }
    logs::take();
    let answer = world.post_from::<Login>(STRANGER, &right()).await;
    assert_eq!((answer.status, answer.headers["retry-after"].as_str()), (429, "300"));
    assert!(logs::take().contains("authn_login_lock"));
    assert_eq!(log_in_from(&world, OWNER).await, 200);
    world.wait(300);
    assert_eq!(log_in_from(&world, STRANGER).await, 200);
}

#[tokio::test]
async fn attempts_refused_by_the_limit_across_accounts_do_not_count_for_the_account() {
    let world = world_with_ada().await;
    world.set_settings(&[("LOGIN_MAX_FAILURES_PER_SOURCE_ALL", AttributeValue::N("5".into()))]).await;
    let body = guess();
    join_all((0..40).map(|_| world.post_from::<Login>(STRANGER, &body))).await;
    let items = world.client.scan().table_name("UsersTable").send().await.unwrap().items.unwrap();
    let mut counts: Vec<_> = items.iter().filter(|item| item["pk"].as_s().unwrap().starts_with("failures#")).collect();
    // The shortest key belongs to the account.
    counts.sort_by_key(|item| item["pk"].as_s().unwrap().len());
    let account = counts.iter().find(|item| item["pk"].as_s().unwrap().matches('#').count() == 1).unwrap();
    assert_eq!(account["attempts"].as_n().unwrap(), "5");
}
