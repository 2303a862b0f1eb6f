//! What the functions find around them: DynamoDB, Secrets Manager, and a user.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
};

use harness::{Process, build, environment, stand_in};
use local::{Database, Options, template::Template};
use serde_json::{Value, json};

use crate::{Result, capacity::Counter};

/// The functions of the API, those that hash last.
pub(crate) const FUNCTIONS: [&str; 5] = ["logout", "me", "refresh", "login", "register"];

/// What they are measured against: the package `references` says what each is.
pub(crate) const REFERENCES: [&str; 3] = ["floor", "floor-get", "naive"];

/// `me` with its secret in the environment, which then asks nobody for anything before its first call.
pub(crate) const ALONE: &str = "me, its secret in the environment";

/// `me` with the line for each request, and without metrics in it.
pub(crate) const UNMEASURED: &str = "me, without metrics";

pub(crate) const PASSWORD: &str = "correct horse battery staple";
pub(crate) const EMAIL: &str = "ada@example.com";

/// The release binaries, by name.
pub(crate) struct Binaries {
    paths: BTreeMap<String, PathBuf>,
    names: Vec<String>,
}

impl Binaries {
    /// Builds each function by itself, as it is deployed: with its own features and no others. Those of `also` are added.
    pub(crate) fn build(also: &[(String, PathBuf)]) -> Self {
        let packages: Vec<_> = FUNCTIONS.into_iter().chain(["references"]).collect();
        Self::new(build::release(&packages), also)
    }

    /// Takes what is built already, in `NAME/bootstrap` below this folder, where `cargo lambda build` puts it.
    pub(crate) fn built(folder: &Path, also: &[(String, PathBuf)]) -> Result<Self> {
        let names = REFERENCES.into_iter().chain(FUNCTIONS);
        let paths: HashMap<_, _> = names.map(|name| (name.to_owned(), folder.join(name).join("bootstrap"))).collect();
        match paths.values().find(|path| !path.is_file()) {
            Some(path) => Err(format!("not found: {}", path.display()).into()),
            None => Ok(Self::new(paths, also)),
        }
    }

    fn new(paths: HashMap<String, PathBuf>, also: &[(String, PathBuf)]) -> Self {
        let names = REFERENCES.iter().chain(&FUNCTIONS).map(|name| (*name).to_owned());
        Self {
            paths: paths.into_iter().chain(also.iter().cloned()).collect(),
            names: names.chain(also.iter().map(|(name, _)| name.clone())).collect(),
        }
    }

    /// References, functions, and what else there is.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// What there is beside them.
    pub(crate) fn also(&self) -> impl Iterator<Item = &str> {
        self.names().skip(REFERENCES.len() + FUNCTIONS.len())
    }

    /// Which function's events a binary takes: of what was added, those of the function whose name its file has, if any.
    pub(crate) fn role<'a>(&'a self, name: &'a str) -> &'a str {
        let file = || self.paths.get(name).and_then(|path| path.file_stem()?.to_str());
        if self.also().any(|also| also == name) { file().unwrap_or(name) } else { name }
    }

    pub(crate) fn path(&self, name: &str) -> Result<&PathBuf> {
        self.paths.get(name).ok_or_else(|| format!("no binary {name}").into())
    }
}

/// Everything that a function needs, and Ada, who has an account.
pub(crate) struct Stage<'a> {
    pub(crate) binaries: &'a Binaries,
    variables: Vec<(String, String)>,
    /// Ends with the stage.
    _database: Database,
    /// Ada's tokens.
    access: String,
    access_alone: String,
    refresh: String,
}

impl<'a> Stage<'a> {
    pub(crate) async fn start(binaries: &'a Binaries) -> Result<Self> {
        let database = Database::start(&Options::for_tests()).await?;
        let url = database.url().to_owned();
        Self::on(binaries, database, &url).await
    }

    /// With a count of what DynamoDB is asked for.
    pub(crate) async fn counted(binaries: &'a Binaries) -> Result<(Counter, Self)> {
        let database = Database::start(&Options::for_tests()).await?;
        let (counter, url) = Counter::start(database.url()).await?;
        Ok((counter, Self::on(binaries, database, &url).await?))
    }

    /// On this DynamoDB, which functions find at that URL.
    pub(crate) async fn on(binaries: &'a Binaries, database: Database, url: &str) -> Result<Self> {
        let template = Template::read()?;
        database.prepare(&template, "SettingsTable").await?;
        let secrets_manager = stand_in::serve(stand_in::secrets_manager()).await;
        let mut stage = Self {
            binaries,
            variables: environment(&template, url, &secrets_manager)
                .into_iter()
                .chain([("METRICS_NAMESPACE".into(), "bench".into())])
                .collect(),
            _database: database,
            access: String::new(),
            access_alone: String::new(),
            refresh: String::new(),
        };
        let mut register = stage.process("register").await?;
        let account = json!({ "email": EMAIL, "username": "ada", "password": PASSWORD });
        expect(&register.call(event("register", &account)).await?, 201)?;
        (stage.access, stage.refresh) = stage.log_in(stage.process("login").await?).await?;
        (stage.access_alone, _) = stage.log_in(stage.process_alone("login").await?).await?;
        Ok(stage)
    }

    /// A new process of a function or a reference.
    pub(crate) async fn process(&self, name: &str) -> Result<Process> {
        match name {
            ALONE => return self.process_alone("me").await,
            UNMEASURED => return self.process_without("METRICS_NAMESPACE", "me", &[]).await,
            _ => {}
        }
        Ok(Process::start(self.binaries.path(name)?, name, &self.variables).await?)
    }

    async fn process_alone(&self, name: &str) -> Result<Process> {
        let key = ("SECRET_KEY".into(), "a secret that stands in the environment".into());
        self.process_without("SECRET_ID", name, &[key]).await
    }

    /// With one variable less, and these more.
    async fn process_without(&self, variable: &str, name: &str, more: &[(String, String)]) -> Result<Process> {
        let others = self.variables.iter().filter(|(other, _)| other != variable);
        let variables: Vec<_> = others.chain(more).cloned().collect();
        Ok(Process::start(self.binaries.path(name)?, name, &variables).await?)
    }

    /// The access and the refresh token that this login gives Ada.
    async fn log_in(&self, mut login: Process) -> Result<(String, String)> {
        let tokens = body(&login.call(self.event("login", 0)).await?)?;
        let token = |name: &str| tokens.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok((token("access"), token("refresh")))
    }

    /// An event for a function. Where that matters, no two with different numbers ask for the same.
    pub(crate) fn event(&self, function: &str, number: usize) -> Value {
        match function {
            "login" => event(function, &json!({ "email": EMAIL, "password": PASSWORD })),
            "register" => {
                event(function, &json!({ "email": format!("new{number}@example.com"), "password": PASSWORD }))
            }
            "refresh" => event(function, &json!({ "refresh": self.refresh })),
            _ => {
                let access = if function == ALONE { &self.access_alone } else { &self.access };
                let mut event = event("me", &Value::Null);
                if let Some(fields) = event.as_object_mut() {
                    fields.insert("headers".into(), json!({ "authorization": format!("Bearer {access}") }));
                    fields.insert("requestContext".into(), context("GET"));
                    fields.remove("body");
                }
                event
            }
        }
    }

    /// The same, but for a logout with a session of its own, by a login there: a logout ends it.
    pub(crate) async fn new_event(&self, login: &mut Process, function: &str, number: usize) -> Result<Value> {
        if function != "logout" {
            return Ok(self.event(function, number));
        }
        let tokens = body(&login.call(self.event("login", 0)).await?)?;
        Ok(event("logout", &json!({ "refresh": tokens.get("refresh") })))
    }
}

fn event(function: &str, body: &Value) -> Value {
    json!({
        "version": "2.0",
        "routeKey": format!("ANY /api/{function}/{{proxy+}}"),
        "rawPath": format!("/api/{function}/"),
        "rawQueryString": "",
        "headers": { "content-type": "application/json" },
        "requestContext": context("POST"),
        "body": body.to_string(),
        "isBase64Encoded": false,
    })
}

fn context(method: &str) -> Value {
    json!({
        "accountId": "123456789012",
        "apiId": "a1b2c3d4e5",
        "domainName": "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
        "domainPrefix": "a1b2c3d4e5",
        "http": { "method": method, "path": "/", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7", "userAgent": "bench" },
        "requestId": "UjKxNg15IAMEYbQ=",
        "routeKey": "$default",
        "stage": "$default",
        "time": "24/Nov/2026:10:58:22 +0000",
        "timeEpoch": 1_795_517_902_000_u64,
    })
}

/// The body of an answer.
fn body(answer: &Value) -> Result<Value> {
    Ok(serde_json::from_str(answer.get("body").and_then(Value::as_str).ok_or("no body")?)?)
}

/// An answer with another status is an error: what is measured is what works.
pub(crate) fn expect(answer: &Value, status: u16) -> Result<()> {
    if answer.get("statusCode") == Some(&status.into()) {
        Ok(())
    } else {
        Err(format!("not {status}: {answer}").into())
    }
}

/// The status of a function that does what it is asked for; references answer 200.
pub(crate) fn good_status(name: &str) -> u16 {
    if name == "register" { 201 } else { 200 }
}
