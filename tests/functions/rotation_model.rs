//! The store's rotation against a plain model, on random histories: several holders of one session's tokens, who use them,
//! lose answers, use old ones and log out, while time passes and rules change.

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

/// How long a session lasts, in seconds.
const LIFETIME: u64 = 86_400;

#[derive(Debug, Clone)]
enum Step {
    /// A holder uses the token that they have, and keeps what comes back.
    Use(usize),
    /// The answer is lost.
    UseInVain(usize),
    /// A holder uses a token that they had before.
    Replay(usize),
    LogOut(usize),
    Wait(u64),
    /// From now on, the rules are these of [`Rules`].
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

/// Whether tokens rotate, and the grace in seconds.
const RULES: [(bool, u64); 4] = [(true, 10), (true, 0), (true, 60), (false, 10)];

/// What should be: the tokens that the session had, and when each but the last was replaced.
struct Model {
    now: u64,
    ends_at: u64,
    replaced_at: Vec<u64>,
    is_over: bool,
}

/// What should become of a token: the index of the one to go on with, or why there is none.
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

/// The store, and every token that the session had.
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
            Refreshed::Void => panic!("nobody revoked the session"),
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

/// The settings of each rule, as functions have them that just read them and that have not.
struct Rules {
    fresh: Vec<SettingsCache>,
    stale: Vec<SettingsCache>,
}

impl Rules {
    /// Writes the settings of each rule into a table of its own.
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
    let first = sessions.open(holder, LIFETIME).await.unwrap();
    let users = world.service.users();
    let mut real = Real { sessions: &sessions, users: &users, tokens: vec![first] };
    let mut model = Model { now: 0, ends_at: LIFETIME, replaced_at: Vec::new(), is_over: false };
    // Each holder's tokens, the last of which they would use. All begin with the first: it was stolen.
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
fn statement_17_a_thousand_histories_are_as_the_model_has_them() {
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
