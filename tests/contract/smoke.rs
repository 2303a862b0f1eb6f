//! A smoke test for a fresh deployment: one walk through every endpoint, which leaves one user behind.
//!
//! `API_URL=https://… cargo test -p tests --test contract smoke -- --nocapture` prints a line for each step, and the name of
//! the header that carried the challenge of a 401.

use serde_json::json;
use support::{Answer, PASSWORD, log_in, log_out, post, profile, public_posts, refresh, request, unique};

#[track_caller]
fn step(what: &str, answer: Answer, status: u16) -> Answer {
    println!("{} {what}", answer.status);
    assert_eq!(answer.status, status, "{what}: {answer:#?}");
    answer
}

#[test]
fn smoke() {
    let (username, email) = (format!("smoke-{}", unique()), format!("smoke-{}@example.com", unique()));
    let registration = json!({ "username": username, "email": email, "password": PASSWORD });
    let registered = step("registers", post("/api/register/", &registration), 201);
    step("refuses to register the same again", post("/api/register/", &registration), 400);
    step("refuses a wrong password", log_in(&email, "wrong horse battery staple"), 401);
    step("refuses an unknown address", log_in("nobody@example.com", PASSWORD), 401);
    let login = step("logs in", log_in(&email, PASSWORD), 200);
    let refreshed = step("refreshes", refresh(&login.text("refresh")), 200);

    let me = |method: &str, path: &str| request(method, path).bearer(&refreshed.text("access"));
    let id = registered.json()["id"].as_u64().unwrap();
    step("shows the profile", me("GET", "/api/me/").send(), 200).is(200, &profile(id, &username, &email));
    step("shows the profile, with no slash at the end", me("GET", "/api/me").send(), 200);
    let renamed = format!("{username}-renamed");
    let changed = step("changes the profile", me("PUT", "/api/me/").json(&json!({ "username": renamed })).send(), 200);
    changed.is(200, &profile(id, &renamed, &email));
    let refused = step("refuses a profile without a token", request("GET", "/api/me/").send(), 401);
    refused.is_challenged("Bearer");
    println!("    WWW-Authenticate arrived as {}", refused.challenge().map_or("nothing", |(name, _)| name));
    step("refuses a profile with a wrong token", request("GET", "/api/me/").bearer("a.b.c").send(), 401);

    for path in public_posts() {
        for path in [path.clone(), format!("{path}/")] {
            step(&format!("refuses an empty object at {path}"), post(&path, &json!({})), 400);
        }
    }
    step("finds nothing below an endpoint", request("POST", "/api/login/x").json(&json!({})).send(), 404);
    step("refuses another method", request("GET", "/api/login/").send(), 405);
    step("logs out", log_out(&login.text("refresh")), 200);
    step("refuses to log out again", log_out(&login.text("refresh")), 401);
    step("refuses to refresh after the logout", refresh(&login.text("refresh")), 401);
}
