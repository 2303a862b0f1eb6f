//! Concurrent requests.

use std::thread;

use serde_json::json;
use support::{Answer, PASSWORD, User, log_in, log_out, post, refresh, unique};

/// Calls `act` on `count` threads concurrently, and returns the answers in order.
fn concurrently(count: usize, act: impl Fn(usize) -> Answer + Sync) -> Vec<Answer> {
    thread::scope(|scope| {
        let act = &act;
        let threads: Vec<_> = (0..count).map(|index| scope.spawn(move || act(index))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

#[test]
fn statement_25_one_of_twenty_concurrent_registrations_with_one_email_succeeds() {
    let email = format!("{}@example.com", unique());
    let answers = concurrently(20, |_| post("/api/register/", &json!({ "email": email, "password": PASSWORD })));
    assert_eq!((count(&answers, 201), count(&answers, 400)), (1, 19));
    for refused in answers.iter().filter(|answer| answer.status == 400) {
        refused.is_field("email", &["A user with that email already exists."]);
    }
    assert_eq!(log_in(&email, PASSWORD).status, 200);
}

#[test]
fn statement_25_one_of_twenty_concurrent_changes_to_one_email_succeeds() {
    let email = format!("{}@example.org", unique());
    let users: Vec<_> = (0..20).map(|_| User::new()).collect();
    let answers = concurrently(20, |index| users[index].put(&json!({ "email": email })));
    assert_eq!((count(&answers, 200), count(&answers, 400)), (1, 19));
    let owners = users.iter().filter(|user| user.get().text("email") == email).count();
    assert_eq!(owners, 1);
}

#[test]
fn statement_25_concurrent_changes_leave_a_profile_consistent() {
    let user = User::new();
    let names: Vec<_> = (0..8).map(|_| unique()).collect();
    let answers = concurrently(8, |index| {
        user.put(&json!({ "username": names[index], "email": format!("{}@example.org", names[index]) }))
    });
    // A request that keeps losing the race gets 409, which asks the client to retry. No other status occurs.
    assert!(answers.iter().all(|answer| [200, 409].contains(&answer.status)), "{answers:?}");
    let profile = user.get();
    assert_eq!(profile.text("email"), format!("{}@example.org", profile.text("username")));
    // Only the current username is taken, but every email address that the user has or had.
    assert_eq!(log_in(&profile.text("email"), PASSWORD).status, 200);
    let others = names.iter().zip(&answers).filter(|(name, _)| **name != profile.text("username"));
    for (name, answer) in others {
        assert_eq!(log_in(&format!("{name}@example.org"), PASSWORD).status, 401);
        let domain = if answer.status == 409 { "example.org" } else { "example.net" };
        let body = json!({ "email": format!("{name}@{domain}"), "username": name, "password": PASSWORD });
        assert_eq!(post("/api/register/", &body).status, 201);
    }
}

#[test]
fn one_of_ten_concurrent_logouts_succeeds() {
    let user = User::new();
    let answers = concurrently(10, |_| log_out(&user.refresh));
    assert_eq!((count(&answers, 200), count(&answers, 401)), (1, 9));
}

#[test]
fn statement_18_a_logout_during_concurrent_refreshes_ends_the_session_for_good() {
    let user = User::new();
    let answers = concurrently(12, |index| if index == 6 { log_out(&user.refresh) } else { refresh(&user.refresh) });
    assert_eq!(answers[6].status, 200);
    assert_eq!(refresh(&user.refresh).status, 401);
}
