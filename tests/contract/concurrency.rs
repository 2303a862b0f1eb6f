//! Several clients at the same moment.

use std::thread;

use serde_json::json;
use support::{Answer, PASSWORD, User, log_in, log_out, post, refresh, unique};

/// The answers to what `count` threads do at once.
fn at_once(count: usize, act: impl Fn(usize) -> Answer + Sync) -> Vec<Answer> {
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
fn statement_25_of_twenty_registrations_with_one_email_one_succeeds() {
    let email = format!("{}@example.com", unique());
    let answers = at_once(20, |_| post("/api/register/", &json!({ "email": email, "password": PASSWORD })));
    assert_eq!((count(&answers, 201), count(&answers, 400)), (1, 19));
    for refused in answers.iter().filter(|answer| answer.status == 400) {
        refused.is_field("email", &["A user with that email already exists."]);
    }
    assert_eq!(log_in(&email, PASSWORD).status, 200);
}

#[test]
fn statement_25_of_twenty_changes_to_one_email_one_succeeds() {
    let email = format!("{}@example.org", unique());
    let users: Vec<_> = (0..20).map(|_| User::new()).collect();
    let answers = at_once(20, |index| users[index].put(&json!({ "email": email })));
    assert_eq!((count(&answers, 200), count(&answers, 400)), (1, 19));
    let owners = users.iter().filter(|user| user.get().text("email") == email).count();
    assert_eq!(owners, 1);
}

#[test]
fn statement_25_changes_of_one_profile_leave_it_whole() {
    let user = User::new();
    let names: Vec<_> = (0..8).map(|_| unique()).collect();
    let answers = at_once(8, |index| {
        user.put(&json!({ "username": names[index], "email": format!("{}@example.org", names[index]) }))
    });
    // Who loses the race again and again is asked to try again; nobody gets anything else.
    assert!(answers.iter().all(|answer| [200, 409].contains(&answer.status)), "{answers:?}");
    let profile = user.get();
    assert_eq!(profile.text("email"), format!("{}@example.org", profile.text("username")));
    // Of all names, the profile's alone is taken; of all addresses, those that the user has or had.
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
fn of_ten_logouts_of_one_session_one_succeeds() {
    let user = User::new();
    let answers = at_once(10, |_| log_out(&user.refresh));
    assert_eq!((count(&answers, 200), count(&answers, 401)), (1, 9));
}

#[test]
fn statement_18_a_logout_among_refreshes_ends_the_session_for_good() {
    let user = User::new();
    let answers = at_once(12, |index| if index == 6 { log_out(&user.refresh) } else { refresh(&user.refresh) });
    assert_eq!(answers[6].status, 200);
    assert_eq!(refresh(&user.refresh).status, 401);
}
