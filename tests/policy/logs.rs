//! The log of the functions during a run of the whole contract suite, at the finest level: statements 27 and 28.

use std::{
    collections::BTreeSet,
    io::{self, Write},
    sync::{Arc, Mutex},
};

use aho_corasick::AhoCorasick;
use harness::stand_in;
use serde_json::Value;
use tracing::level_filters::LevelFilter;

/// The log of this process.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Records everything that is logged from now on.
    pub(crate) fn keep() -> Self {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = shared::runtime::logging::subscriber(LevelFilter::TRACE, move || writer.clone());
        tracing::subscriber::set_global_default(subscriber).unwrap();
        log
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// In characters. Shorter secrets may occur in a log by chance: in numbers, in words, in each other.
const SHORTEST: usize = 10;

/// A request of the suite, and its response.
struct Exchange {
    method: String,
    path: String,
    status: u64,
    /// The body of the request if it was JSON, otherwise null.
    sent: Value,
    answered: Value,
    headers: Vec<String>,
}

impl Exchange {
    fn read(line: &str) -> Self {
        let line: Value = serde_json::from_str(line).unwrap();
        let sent = &line["sent"];
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let json = |value: &Value| serde_json::from_str(value.as_str().unwrap_or_default()).unwrap_or_default();
        Self {
            method: text(&sent["method"]).unwrap(),
            path: text(&sent["path"]).unwrap().trim_end_matches('/').into(),
            status: line["status"].as_u64().unwrap(),
            sent: json(&sent["body"]),
            answered: json(&line["body"]),
            headers: [&sent["authorization"], &sent["cookie"]].into_iter().filter_map(text).collect(),
        }
    }

    /// The texts that no log may contain.
    fn secrets(&self) -> Vec<String> {
        let fields = ["password", "email", "refresh", "access"].into_iter();
        let fields = fields.flat_map(|name| [&self.sent[name], &self.answered[name]]);
        let fields = fields.filter_map(|value| value.as_str().map(|text| text.trim().to_owned()));
        let words = self.headers.iter().flat_map(|header| header.split_whitespace()).map(str::to_owned);
        let all: Vec<_> = fields.chain(words).collect();
        // Long parts of a token are secret too, such as the signature of an access token.
        let parts = all.iter().flat_map(|text| text.split(['.', '='])).filter(|part| part.len() >= 40);
        all.iter().map(String::as_str).chain(parts).filter(|text| text.len() >= SHORTEST).map(str::to_owned).collect()
    }
}

/// Asserts that a log contains each event of these exchanges once, and no secret.
pub(crate) fn assert_statements(record: &str, log: &str) {
    let exchanges: Vec<_> = record.lines().map(Exchange::read).collect();
    let secrets: BTreeSet<_> = exchanges.iter().flat_map(Exchange::secrets).collect();
    assert!(secrets.len() > 1_000, "{}", secrets.len());
    // The start of the header of every access token, the start of every hash, and the key: too long to be in a request id by
    // chance.
    let always = ["eyJ0eXAiOiJhdCtqd3Qi", "$argon2id$", stand_in::SECRET].map(str::to_owned);
    let secrets: Vec<_> = secrets.into_iter().chain(always).collect();
    let search = AhoCorasick::builder().ascii_case_insensitive(true).build(&secrets).unwrap();
    let line = |at: usize| {
        log[..at].rfind('\n').map_or(0, |end| end + 1)..log[at..].find('\n').map_or(log.len(), |end| at + end)
    };
    let found: Vec<_> =
        search.find_iter(log).map(|found| (&secrets[found.pattern()], &log[line(found.start())])).collect();
    assert!(found.is_empty(), "{} in the log, such as {:?}", found.len(), &found[..found.len().min(5)]);

    let answers = |path: &str, status: u64| {
        exchanges
            .iter()
            .filter(|exchange| exchange.path == path && exchange.status == status && exchange.method != "HEAD")
            .count()
    };
    let logged = |event: &str| log.matches(&format!("\"event\":\"{event}\"")).count();
    let changes = exchanges.iter().filter(|exchange| ["PUT", "PATCH"].contains(&exchange.method.as_str()));
    let changed = changes.filter(|exchange| exchange.path == "/api/me" && exchange.status == 200).count();
    assert!(answers("/api/register", 201) > 100 && changed > 10);
    assert_eq!(logged("user_created"), answers("/api/register", 201));
    assert_eq!(logged("user_updated"), changed);
    assert_eq!(logged("authn_login_success"), answers("/api/login", 200));
    assert_eq!(logged("authn_login_fail"), answers("/api/login", 401));
    assert_eq!(logged("authn_token_created"), answers("/api/refresh", 200));
    assert_eq!(logged("session_expired"), answers("/api/logout", 200));
}
