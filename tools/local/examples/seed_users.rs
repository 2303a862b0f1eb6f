//! Fills a DynamoDB with users for a load test: `cargo run --release -p local --example seed_users -- URL COUNT`.
//!
//! The users are `user0@example.com` and so on. All have the same hash, since a hash for each would take half an hour.

use std::{env, error::Error, time::Duration};

use futures_util::{StreamExt, TryStreamExt, stream};
use local::{Database, Secret, template::Template};
use shared::{
    clock::Clock,
    domain::{Email, Field, PasswordHash},
    random::Random,
    runtime::{Service, config::Config},
};

/// The hash of `correct horse battery staple` with the cost of this service, made by `argon2-cffi`.
const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2l4dGVlbiBieXRlcyAuLg$IlO2V59Tdtb9LK4zQ3rYz0BJfh+4P3PuYL6sZh8sMZ8";

/// How many users are written concurrently.
const AT_ONCE: usize = 32;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(url), Some(count)) = (arguments.next(), arguments.next()) else {
        return Err("usage: seed_users URL COUNT".into());
    };
    let count: usize = count.parse()?;
    let template = Template::read()?;
    let config = Config::from_variables(|name| match name {
        "SECRET_KEY" => Some("no token is issued with this key".into()),
        "API_URL" => Some("https://auth.example.com".into()),
        _ => template.variable(name),
    })?;
    let config = Config { settings_max_age: Duration::ZERO, ..config };
    let clients = Database::at(&url).clients(&Secret::InMemory).await;
    let users = Service::new(config, clients, Clock::system(), Random::system())?.users();
    let create = async |number: usize| -> Result<(), Box<dyn Error>> {
        let email = Email::parse(&format!("user{number}@example.com")).map_err(|_| "not an email")?;
        match users.create(None, email, PasswordHash::new(HASH.into())).await? {
            Ok(_) => Ok(()),
            Err(_) => Err(format!("user{number} exists").into()),
        }
    };
    stream::iter((0..count).map(create)).buffer_unordered(AT_ONCE).try_collect::<Vec<_>>().await?;
    println!("{count} users");
    Ok(())
}
