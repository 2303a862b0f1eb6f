//! Compares the time of a login with that of its password hash, and the times of refused logins with each other (statement 6):
//! `cargo run -p local --example login_time`.
//!
//! All are measured in turn in one run, so that a busy machine slows all of them. The results are the ratios of the medians.

use std::{
    error::Error,
    time::{Duration, Instant},
};

use aws_sdk_dynamodb::types::AttributeValue;
use local::{Database, Options, Stack};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

const RUNS: usize = 200;
const PASSWORD: &str = "correct horse battery staple";

/// The logins to measure: name, email, password and the expected status.
const LOGINS: [(&str, &str, &str, StatusCode); 4] = [
    ("successful login", "ada@example.com", PASSWORD, StatusCode::OK),
    ("wrong password", "ada@example.com", "wrong horse battery staple", StatusCode::UNAUTHORIZED),
    ("unknown email", "nobody@example.com", PASSWORD, StatusCode::UNAUTHORIZED),
    ("disabled user", "grace@example.com", PASSWORD, StatusCode::UNAUTHORIZED),
];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let stack = Stack::start(&Options::for_tests(), |_| None).await?;
    let client = Client::builder().no_proxy().build()?;
    let post = async |endpoint: &str, email: &str, password: &str| {
        let request = client.post(format!("{}/api/{endpoint}/", stack.url)).header("content-type", "application/json");
        request.body(json!({ "email": email, "password": password }).to_string()).send().await
    };
    post("register", "ada@example.com", PASSWORD).await?.error_for_status()?;
    let grace: Value = serde_json::from_slice(
        &post("register", "grace@example.com", PASSWORD).await?.error_for_status()?.bytes().await?,
    )?;
    disable(
        &stack.dynamodb_url,
        &[format!("user#{}", grace.get("id").ok_or("no id")?), "email#grace@example.com".into()],
    )
    .await?;

    let argon2 = shared::passwords::argon2()?;
    let mut hashes = Vec::new();
    let mut logins = [(); LOGINS.len()].map(|()| Vec::new());
    for run in 0..=RUNS {
        let start = Instant::now();
        argon2.hash_password_into(PASSWORD.as_bytes(), b"sixteen bytes ..", &mut [0; 32])?;
        let hash = start.elapsed();
        let mut times = Vec::new();
        for (what, email, password, status) in LOGINS {
            let start = Instant::now();
            let answer = post("login", email, password).await?;
            times.push(start.elapsed());
            if answer.status() != status {
                return Err(format!("{what}: {}", answer.status()).into());
            }
        }
        // The first run is a warm-up.
        if run > 0 {
            hashes.push(hash);
            logins.iter_mut().zip(times).for_each(|(all, time)| all.push(time));
        }
    }
    stack.stop().await;

    let hash = median(hashes);
    let [good, wrong, ..] = logins.clone().map(median);
    println!("medians of {RUNS} runs");
    println!("hash alone: {hash:.2?}");
    println!("successful login: {good:.2?}, {:.2} of the hash alone", good.div_duration_f64(hash));
    println!("wrong password: {wrong:.2?}");
    for ((what, ..), times) in LOGINS.iter().zip(logins).skip(2) {
        let time = median(times);
        println!("{what}: {time:.2?}, {:.3} of a wrong password", time.div_duration_f64(wrong));
    }
    Ok(())
}

/// Disables the user who has these items.
async fn disable(dynamodb_url: &str, keys: &[String]) -> Result<(), Box<dyn Error>> {
    let tables = Database::at(dynamodb_url).client().await;
    for key in keys {
        let update = tables.update_item().table_name("UsersTable").key("pk", AttributeValue::S(key.clone()));
        let update = update.update_expression("SET disabled = :yes");
        update.expression_attribute_values(":yes", AttributeValue::Bool(true)).send().await?;
    }
    Ok(())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
