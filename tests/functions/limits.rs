//! Statements 6 to 9: failed logins and registrations are counted, and refused above their limits.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::join_all;
use login::Login;
use register::Register;
use rstest::rstest;
use serde_json::{Value, json};
use shared::random::Random;

use crate::{
    logs,
    world::{Answer, PASSWORD, World},
};

const ADA: &str = "ada@example.com";
const HERE: &str = "203.0.113.7";
const ELSEWHERE: &str = "198.51.100.23";
const WRONG: &str = "Incorrect authentication credentials.";

async fn world_with_ada() -> World {
    let world = World::new().await;
    assert_eq!(world.register(ADA).await.status, 201);
    world
}

fn guess(email: &str) -> Value {
    json!({ "email": email, "password": "wrong horse" })
}

fn right(email: &str) -> Value {
    json!({ "email": email, "password": PASSWORD })
}

async fn fail(world: &World, times: usize, email: &str, source: &str) {
    for _ in 0..times {
        world.post_from::<Login>(source, &guess(email)).await.is_detail(401, WRONG);
    }
}

#[track_caller]
fn assert_throttled(answer: &Answer, seconds: u64) {
    answer.is_detail(429, &format!("Request was throttled. Expected available in {seconds} seconds."));
    assert_eq!(answer.headers["retry-after"], seconds.to_string());
}

fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// The keys and counts of the items in the users table whose keys start with this prefix.
async fn counts(world: &World, prefix: &str) -> Vec<(String, u64)> {
    let items = world.client.scan().table_name("UsersTable").send().await.unwrap().items.unwrap();
    let counts = items.iter().filter(|item| item["pk"].as_s().unwrap().starts_with(prefix));
    counts.map(|item| (item["pk"].as_s().unwrap().clone(), item["attempts"].as_n().unwrap().parse().unwrap())).collect()
}

#[rstest]
#[case::an_account("ada@example.com")]
#[case::an_account_in_another_case("ADA@EXAMPLE.COM")]
#[case::an_unknown_address("nobody@example.com")]
#[tokio::test]
async fn statement_7_ten_failures_from_one_source_block_logins_for_15_minutes(#[case] email: &str) {
    let world = world_with_ada().await;
    fail(&world, 4, email, HERE).await;
    world.wait(700);
    fail(&world, 6, &email.to_lowercase(), HERE).await;
    for wait in [200, 199, 1] {
        assert_throttled(&world.post_from::<Login>(HERE, &right(email)).await, wait);
        world.wait(if wait == 199 { 198 } else { 1 });
    }
    let answer = world.post_from::<Login>(HERE, &right(email)).await;
    assert_eq!(answer.status, if email == "nobody@example.com" { 401 } else { 200 });
}

#[tokio::test]
async fn statement_7_a_new_window_starts_with_the_first_failure_after_the_last_one() {
    let world = world_with_ada().await;
    fail(&world, 10, ADA, HERE).await;
    world.wait(900);
    fail(&world, 1, ADA, HERE).await;
    world.wait(899);
    fail(&world, 9, ADA, HERE).await;
    assert_throttled(&world.post_from::<Login>(HERE, &guess(ADA)).await, 1);
}

#[tokio::test]
async fn statement_7_a_hundred_failures_from_many_sources_block_the_account_for_an_hour() {
    let world = world_with_ada().await;
    let failures = async {
        for network in 0..10 {
            fail(&world, 10, ADA, &format!("198.51.100.{network}")).await;
        }
    };
    world.with_cheap_failures(ADA, failures).await;
    assert_throttled(&world.post_from::<Login>(HERE, &right(ADA)).await, 3_600);
    world.wait(3_599);
    assert_throttled(&world.post_from::<Login>(HERE, &right(ADA)).await, 1);
    world.wait(1);
    assert_eq!(world.post_from::<Login>(HERE, &right(ADA)).await.status, 200);
}

#[tokio::test]
async fn statement_7_a_blocked_login_is_not_hashed_and_is_logged_as_locked() {
    let world = world_with_ada().await;
    fail(&world, 10, ADA, HERE).await;
    // A login that reaches the hash now fails with 500.
    world.set_user("email#ada@example.com", "password_hash", AttributeValue::S("swordfish".into())).await;
    logs::take();
    assert_throttled(&world.post_from::<Login>(HERE, &right(ADA)).await, 900);
    let log = logs::take();
    assert!(logs::warns(&log, "authn_login_lock") && !log.contains("authn_login_fail"), "{log}");
    assert_eq!(world.post_from::<Login>(ELSEWHERE, &right(ADA)).await.status, 500);
}

#[tokio::test]
async fn statement_7_only_ten_of_fifty_concurrent_failures_are_checked_and_count_for_the_account() {
    let world = world_with_ada().await;
    let body = guess(ADA);
    let answers = join_all((0..50).map(|_| world.post_from::<Login>(HERE, &body))).await;
    let of = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((of(401), of(429)), (10, 40));
    let counts = counts(&world, "failures#").await;
    let mut attempts: Vec<_> = counts.iter().map(|(_, count)| *count).collect();
    attempts.sort_unstable();
    // For the source and account together, for the account, and for the source across accounts.
    assert_eq!(attempts, [10, 10, 50]);
}

#[tokio::test]
async fn statement_7_the_limits_come_from_the_settings_item() {
    let world = world_with_ada().await;
    let settings = [
        ("LOGIN_MAX_FAILURES_PER_SOURCE", number(2)),
        ("LOGIN_FAILURES_PER_SOURCE_WINDOW", number(60)),
        ("LOGIN_MAX_FAILURES_PER_ACCOUNT", number(3)),
        ("LOGIN_FAILURES_PER_ACCOUNT_WINDOW", number(120)),
    ];
    world.set_settings(&settings).await;
    fail(&world, 2, ADA, HERE).await;
    assert_throttled(&world.post_from::<Login>(HERE, &guess(ADA)).await, 60);
    fail(&world, 1, ADA, ELSEWHERE).await;
    assert_throttled(&world.post_from::<Login>("192.0.2.1", &right(ADA)).await, 120);
    // Retry-After is the longer of the two waits.
    assert_throttled(&world.post_from::<Login>(HERE, &right(ADA)).await, 120);
}

#[tokio::test]
async fn statement_7_a_successful_login_neither_counts_as_a_failure_nor_resets_the_counters() {
    let world = world_with_ada().await;
    fail(&world, 9, ADA, HERE).await;
    for _ in 0..3 {
        assert_eq!(world.post_from::<Login>(HERE, &right(ADA)).await.status, 200);
    }
    fail(&world, 1, ADA, HERE).await;
    assert_eq!(world.post_from::<Login>(HERE, &right(ADA)).await.status, 429);
}

#[tokio::test]
async fn statement_7_counters_contain_no_email_address_and_expire() {
    let world = world_with_ada().await;
    fail(&world, 1, ADA, HERE).await;
    let items = world.client.scan().table_name("UsersTable").send().await.unwrap().items.unwrap();
    let counts: Vec<_> = items.iter().filter(|item| item["pk"].as_s().unwrap().starts_with("failures#")).collect();
    assert_eq!(counts.len(), 3);
    for count in counts {
        assert!(!format!("{count:?}").contains("ada"), "{count:?}");
        assert!(count["expires_at"].is_n(), "{count:?}");
    }
    let ttl = world.client.describe_time_to_live().table_name("UsersTable").send().await.unwrap();
    assert_eq!(ttl.time_to_live_description.unwrap().attribute_name.as_deref(), Some("expires_at"));
}

#[tokio::test]
async fn statement_8_the_owner_can_log_in_elsewhere_and_sessions_continue() {
    let world = world_with_ada().await;
    let session = world.post_from::<Login>(HERE, &right(ADA)).await;
    fail(&world, 10, ADA, HERE).await;
    assert_eq!(world.post_from::<Login>(HERE, &right(ADA)).await.status, 429);
    assert_eq!(world.post_from::<Login>(ELSEWHERE, &right(ADA)).await.status, 200);
    assert_eq!(world.refresh(session.text("refresh")).await.status, 200);
    assert_eq!(world.me("GET", session.text("access"), &json!({})).await.status, 200);
    assert_eq!(world.log_out(session.text("refresh")).await.status, 200);
}

#[tokio::test]
async fn statement_8_guesses_at_one_account_do_not_lock_another() {
    let world = world_with_ada().await;
    world.register("grace@example.com").await;
    fail(&world, 10, ADA, HERE).await;
    assert_eq!(world.post_from::<Login>(HERE, &right("grace@example.com")).await.status, 200);
}

#[tokio::test]
async fn statement_9_headers_do_not_change_the_source_and_an_ipv6_64_counts_as_one() {
    let world = world_with_ada().await;
    for host in 0..10 {
        fail(&world, 1, ADA, &format!("2001:db8:0:7:{host}::{host}")).await;
    }
    assert_eq!(world.post_from::<Login>("2001:db8:0:7:ffff::1", &right(ADA)).await.status, 429);
    assert_eq!(world.post_from::<Login>("2001:db8:0:8::1", &right(ADA)).await.status, 200);

    fail(&world, 10, ADA, HERE).await;
    let mut event = crate::world::event::<Login>("POST", None, &right(ADA));
    event["headers"]["x-forwarded-for"] = ELSEWHERE.into();
    event["headers"]["forwarded"] = format!("for={ELSEWHERE}").into();
    let login = shared::runtime::lambda::Function::new(
        <Login as shared::runtime::lambda::Endpoint>::new(&world.service),
        &world.service,
    );
    assert_eq!(world.send(&login, event).await.status, 429);
}

#[tokio::test]
async fn one_source_can_register_at_most_twenty_users_per_hour() {
    let world = World::new().await;
    let register = async |source: &str, number: u64| {
        let body = json!({ "email": format!("user{number}@example.com"), "password": PASSWORD });
        world.post_from::<Register>(source, &body).await
    };
    for number in 0..20 {
        assert_eq!(register(HERE, number).await.status, 201);
    }
    logs::take();
    assert_throttled(&register(HERE, 20).await, 3_600);
    assert!(logs::warns(&logs::take(), "excess_rate_limit_exceeded"));
    assert_eq!(register(ELSEWHERE, 20).await.status, 201);
    world.wait(3_600);
    assert_eq!(register(HERE, 21).await.status, 201);
}

#[tokio::test]
async fn registrations_with_taken_addresses_are_counted_and_invalid_ones_are_not() {
    let world = World::new().await;
    world.set_settings(&[("REGISTER_MAX_PER_SOURCE", number(2)), ("REGISTER_PER_SOURCE_WINDOW", number(60))]).await;
    for _ in 0..5 {
        assert_eq!(world.post_from::<Register>(HERE, &json!({ "email": ADA })).await.status, 400);
    }
    assert_eq!(world.post_from::<Register>(HERE, &right(ADA)).await.status, 201);
    assert_eq!(world.post_from::<Register>(HERE, &right(ADA)).await.status, 400);
    // This limits how many addresses can be probed for accounts.
    assert_throttled(&world.post_from::<Register>(HERE, &right(ADA)).await, 60);
}

#[tokio::test]
async fn a_throttled_login_or_registration_takes_one_request_in_a_warm_function() {
    let world = World::with(Duration::from_secs(30), Random::system()).await;
    world.set_settings(&[("REGISTER_MAX_PER_SOURCE", number(1))]).await;
    world.register(ADA).await;
    fail(&world, 10, ADA, HERE).await;
    assert_eq!(world.post_from::<Login>(HERE, &right(ADA)).await.status, 429);
    assert_eq!(world.requests.rounds_and_all(), (1, 1));
    assert_eq!(world.post_from::<Register>(HERE, &right("grace@example.com")).await.status, 429);
    assert_eq!(world.requests.rounds_and_all(), (1, 1));
}
