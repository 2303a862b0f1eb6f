//! Checks token rotation in the store against a simple model, on random histories: several holders of the tokens of one
//! session use them, lose responses, replay old tokens and log out, while time passes and settings change.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use shared::{
    clock::Clock,
    domain::{Holder, SessionHandle},
    store::{LoggedOut, Refreshed, Sessions, SettingsCache, SettingsTable, Users},
};

use crate::world::World;

const HISTORIES: u32 = 1_000;
const HOLDERS: usize = 3;

/// The lifetime of a session, in seconds.
const LIFETIME: u64 = 86_400;

#[derive(Debug, Clone)]
enum Step {
    /// A holder uses their latest token, and keeps the one returned.
    Use(usize),
    /// A holder uses their latest token, and the response is lost.
    UseInVain(usize),
    /// A holder uses one of their earlier tokens.
    Replay(usize),
    LogOut(usize),
    Wait(u64),
    /// Switches to the settings with this index in [`RULES`].
    Change(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..HOLDERS).prop_map(Step::Use),
        2 => (0..HOLDERS).prop_map(Step::UseInVain),
        1 => (0..HOLDERS).prop_map(Step::Replay),
        1 => (0..HOLDERS).prop_map(Step::LogOut),
        4 => prop_oneof![Just(1), Just(9), Just(10), Just(11), Just(60), Just(LIFETIME / 2)].prop_map(Step::Wait),
        1 => (0..RULES.len()).prop_map(Step::Change),
    ]
}

/// Whether tokens rotate, and the grace period in seconds.
const RULES: [(bool, u64); 4] = [(true, 10), (true, 0), (true, 60), (false, 10)];

/// The expected state: when each token of the session except the last was replaced, and whether the session is over.
struct Model {
    now: u64,
    ends_at: u64,
    replaced_at: Vec<u64>,
    is_over: bool,
}

/// The result of using a token: the index of the token to continue with, or the reason why there is none.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    GoOn(usize),
    Refused,
    Reuse,
}

impl Model {
    fn current(&self) -> usize {
        self.replaced_at.len()
    }

    fn is_taken(&self, token: usize, grace: u64) -> bool {
        token == self.current() || (token + 1 == self.current() && self.now < self.replaced_at[token] + grace)
    }

    fn use_token(&mut self, token: usize, (rotates, grace): (bool, u64)) -> Outcome {
        if self.is_over || self.now >= self.ends_at {
            return Outcome::Refused;
        }
        if !self.is_taken(token, grace) {
            self.is_over = true;
            return Outcome::Reuse;
        }
        if token == self.current() && rotates {
            self.replaced_at.push(self.now);
        }
        Outcome::GoOn(self.current())
    }

    fn log_out(&mut self, token: usize, grace: u64) -> Outcome {
        if self.is_over {
            return Outcome::Refused;
        }
        self.is_over = true;
        if self.is_taken(token, grace) { Outcome::GoOn(token) } else { Outcome::Reuse }
    }
}

/// The store, and every token the session has had.
struct Real<'a> {
    sessions: &'a Sessions,
    users: &'a Users,
    tokens: Vec<SessionHandle>,
}

impl Real<'_> {
    async fn use_token(&mut self, token: usize, settings: &SettingsCache) -> Outcome {
        match self.sessions.refresh(&self.tokens[token], self.users, settings).await.unwrap().0 {
            Refreshed::Kept(_) => Outcome::GoOn(token),
            Refreshed::Rotated(_, next) => Outcome::GoOn(self.index(next)),
            Refreshed::Over => Outcome::Refused,
            Refreshed::Reused => Outcome::Reuse,
            Refreshed::Void => panic!("the session is void, but was never revoked"),
        }
    }

    async fn log_out(&self, token: usize, settings: &SettingsCache) -> Outcome {
        match self.sessions.log_out(&self.tokens[token], settings).await.unwrap() {
            LoggedOut::Ended => Outcome::GoOn(token),
            LoggedOut::WasOver => Outcome::Refused,
            LoggedOut::Reused => Outcome::Reuse,
        }
    }

    fn index(&mut self, token: SessionHandle) -> usize {
        self.tokens.iter().position(|known| *known == token).unwrap_or_else(|| {
            self.tokens.push(token);
            self.tokens.len() - 1
        })
    }
}

/// For each entry of [`RULES`], settings caches of functions that have just read the settings and of functions that have not.
struct Rules {
    fresh: Vec<SettingsCache>,
    stale: Vec<SettingsCache>,
}

impl Rules {
    /// Writes the settings of each entry of [`RULES`] to a separate table.
    async fn write(world: &World) -> Self {
        let mut rules = Self { fresh: Vec::new(), stale: Vec::new() };
        for (number, (rotates, grace)) in RULES.into_iter().enumerate() {
            let table = world.settings_table(&format!("Rules{number}")).await;
            world
                .set_settings_in(
                    &table,
                    &[
                        ("ROTATE_REFRESH_TOKENS", AttributeValue::Bool(rotates)),
                        ("REFRESH_TOKEN_GRACE", AttributeValue::N(grace.to_string())),
                    ],
                )
                .await;
            let cache = |max_age| {
                let table = SettingsTable::new(world.client.clone(), table.clone());
                SettingsCache::new(table, Clock::new(|| 0), max_age)
            };
            let fresh = cache(Duration::from_secs(1));
            fresh.current().await.unwrap();
            rules.fresh.push(fresh);
            rules.stale.push(cache(Duration::ZERO));
        }
        rules
    }
}

async fn run(world: &World, rules: &Rules, holder: Holder, history: Vec<(Step, bool)>) {
    let sessions = world.service.sessions();
    let first = sessions.new_handle(holder.user).unwrap();
    sessions.open(&first, holder.generation, LIFETIME).await.unwrap();
    let users = world.service.users();
    let mut real = Real { sessions: &sessions, users: &users, tokens: vec![first] };
    let mut model = Model { now: 0, ends_at: LIFETIME, replaced_at: Vec::new(), is_over: false };
    // The tokens of each holder, latest last. All start with the first token of the session, which was stolen.
    let mut held = vec![vec![0]; HOLDERS];
    let mut rule = 0;
    for (step, is_fresh) in history {
        let settings = &if is_fresh { &rules.fresh } else { &rules.stale }[rule];
        let (holder, token, keeps) = match step {
            Step::Wait(seconds) => {
                world.wait(seconds);
                model.now += seconds;
                continue;
            }
            Step::Change(to) => {
                rule = to;
                continue;
            }
            Step::LogOut(holder) => {
                let token = *held[holder].last().unwrap();
                assert_eq!(real.log_out(token, settings).await, model.log_out(token, RULES[rule].1));
                continue;
            }
            Step::Use(holder) => (holder, *held[holder].last().unwrap(), true),
            Step::UseInVain(holder) => (holder, *held[holder].last().unwrap(), false),
            Step::Replay(holder) => (holder, held[holder][held[holder].len() / 2], false),
        };
        let outcome = real.use_token(token, settings).await;
        assert_eq!(outcome, model.use_token(token, RULES[rule]), "token {token} at {} s", model.now);
        if let Outcome::GoOn(next) = outcome
            && keeps
        {
            held[holder].push(next);
        }
    }
}

#[test]
fn statement_17_random_histories_match_the_model() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (world, rules, holder) = runtime.block_on(async {
        let world = World::new().await;
        let rules = Rules::write(&world).await;
        world.register("ada@example.com").await;
        let holder = world.account("ada@example.com").await.holder();
        (world, rules, holder)
    });
    let histories = prop::collection::vec((step(), any::<bool>()), 1..25);
    let mut runner = TestRunner::new(Config { cases: HISTORIES, failure_persistence: None, ..Config::default() });
    let result = runner.run(&histories, |history| {
        runtime.block_on(run(&world, &rules, holder, history));
        Ok(())
    });
    result.unwrap();
}
