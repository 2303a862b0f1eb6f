//! What a running program writes while the whole contract suite runs against it at the finest level of logging: statements 27
//! and 28.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests fail by panicking, their helpers too")]

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
};

use aho_corasick::AhoCorasick;
use harness::build::{self, Kind};
use serde_json::Value;

const SECRET_KEY: &str = "the-key-that-signs-in-this-test-and-nowhere-else";

/// Shorter ones may be in a log by chance: parts of numbers, of words, of one another.
const SHORTEST: usize = 10;

/// An exchange of the suite's.
struct Exchange {
    method: String,
    path: String,
    status: u64,
    /// What was sent as fields, if it was JSON.
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

    /// What must be in no log.
    fn secrets(&self) -> Vec<String> {
        let fields = ["password", "email", "refresh", "access"].into_iter();
        let fields = fields.flat_map(|name| [&self.sent[name], &self.answered[name]]);
        let fields = fields.filter_map(|value| value.as_str().map(|text| text.trim().to_owned()));
        let words = self.headers.iter().flat_map(|header| header.split_whitespace()).map(str::to_owned);
        let all: Vec<_> = fields.chain(words).collect();
        // A part of a token is one too, such as the signature of an access token.
        let parts = all.iter().flat_map(|text| text.split(['.', '='])).filter(|part| part.len() >= 40);
        all.iter().map(String::as_str).chain(parts).filter(|text| text.len() >= SHORTEST).map(str::to_owned).collect()
    }
}

/// The program, and all that it writes, in this folder.
fn start(folder: &Path) -> (Child, String) {
    let mut log = File::create(folder.join("log")).unwrap();
    let mut program = Command::new(&build::executables(Kind::Program)["local"])
        .args(["--in-memory", "--port", "0", "--dynamodb-port", "0"])
        .current_dir(folder)
        .env_remove("SECRET_ID")
        .envs([("SECRET_KEY", SECRET_KEY), ("LOG_LEVEL", "trace"), ("NO_COLOR", "1")])
        .stdout(Stdio::piped())
        .stderr(log.try_clone().unwrap())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines().map_while(Result::ok);
    let url = lines.by_ref().find_map(|line| Some(line.strip_prefix("API")?.trim().to_owned())).unwrap();
    // What it says next is an example with a password, and ends here.
    lines.by_ref().find(|line| line == "Ctrl-C stops it.").unwrap();
    thread::spawn(move || lines.for_each(|line| writeln!(log, "{line}").unwrap()));
    (program, url)
}

/// Runs the suite, and returns what was sent and answered, and what was written meanwhile.
fn run() -> (Vec<Exchange>, String) {
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("record");
    let (mut program, url) = start(folder.path());
    let suite = &build::executables(Kind::Test)["contract"];
    let run = Command::new(suite).env("API_URL", &url).env("CONTRACT_RECORD", &record).output().unwrap();
    program.kill().unwrap();
    program.wait().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stdout));
    let record = fs::read_to_string(record).unwrap();
    (record.lines().map(Exchange::read).collect(), fs::read_to_string(folder.path().join("log")).unwrap())
}

#[test]
fn statement_27_and_28_a_full_run_logs_everything_that_happens_once_and_no_secret() {
    let (exchanges, log) = run();

    let secrets: BTreeSet<_> = exchanges.iter().flat_map(Exchange::secrets).collect();
    assert!(secrets.len() > 1_000, "{}", secrets.len());
    // Long enough to be in no request's id by chance: the start of every access token's header, of every hash, and the key.
    let always = ["eyJ0eXAiOiJhdCtqd3Qi", "$argon2id$", SECRET_KEY].map(str::to_owned);
    let secrets: Vec<_> = secrets.into_iter().chain(always).collect();
    let search = AhoCorasick::builder().ascii_case_insensitive(true).build(&secrets).unwrap();
    let line = |at: usize| {
        log[..at].rfind('\n').map_or(0, |end| end + 1)..log[at..].find('\n').map_or(log.len(), |end| at + end)
    };
    let found: Vec<_> =
        search.find_iter(&log).map(|found| (&secrets[found.pattern()], &log[line(found.start())])).collect();
    assert!(found.is_empty(), "{} in the log, such as {:?}", found.len(), &found[..found.len().min(5)]);

    let answers = |path: &str, status: u64| {
        exchanges
            .iter()
            .filter(|exchange| exchange.path == path && exchange.status == status && exchange.method != "HEAD")
            .count()
    };
    let logged = |event: &str| log.matches(&format!("event=\"{event}\"")).count();
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
