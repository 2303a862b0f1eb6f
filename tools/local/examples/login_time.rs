//! What a login takes beside the one hash in it: `cargo run -p local --example login_time`.
//!
//! Both are measured in turn, in one run, so that a busy machine slows both; what counts is the ratio of the medians.

use std::{
    error::Error,
    time::{Duration, Instant},
};

use local::{Options, Stack};
use reqwest::Client;

const RUNS: usize = 50;
const ACCOUNT: &str = r#"{"email": "ada@example.com", "password": "correct horse battery staple"}"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let stack = Stack::start(&Options::for_tests(), |_| None).await?;
    let client = Client::builder().no_proxy().build()?;
    let post = async |endpoint: &str| {
        let request = client.post(format!("{}/api/{endpoint}/", stack.url)).header("content-type", "application/json");
        request.body(ACCOUNT).send().await?.error_for_status()
    };
    post("register").await?;
    post("login").await?;

    let argon2 = shared::hashing::argon2()?;
    let (mut hashes, mut logins) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let start = Instant::now();
        argon2.hash_password_into(b"correct horse battery staple", b"sixteen bytes ..", &mut [0; 32])?;
        hashes.push(start.elapsed());
        let start = Instant::now();
        post("login").await?;
        logins.push(start.elapsed());
    }
    let (hash, login) = (median(hashes), median(logins));
    println!(
        "median of {RUNS}: a bare hash {hash:.1?}, a login {login:.1?}, ratio {:.2}",
        login.div_duration_f64(hash)
    );
    stack.stop().await;
    Ok(())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
