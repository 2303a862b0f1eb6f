//! What the functions find around them: DynamoDB, Secrets Manager, and a user.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
};

use aws_sdk_dynamodb::types::AttributeValue;
use harness::{Process, build, environment, stand_in};
use local::{Database, Options, template::Template};
use serde_json::{Value, json};

use crate::{Result, capacity::Counter};

/// The functions of the API, those that hash last.
pub(crate) const FUNCTIONS: [&str; 5] = ["logout", "me", "refresh", "login", "register"];

/// What others verify access tokens with.
pub(crate) const VERIFIERS: [&str; 2] = ["jwks", "authorizer"];

/// What they are measured against: the package `references` says what each is.
pub(crate) const REFERENCES: [&str; 3] = ["floor", "floor-get", "naive"];

/// `me` with its secret in the environment, which then asks nobody for anything before its first call.
pub(crate) const ALONE: &str = "me, its secret in the environment";

/// `me` with the line for each request, and without metrics in it.
pub(crate) const UNMEASURED: &str = "me, without metrics";

/// `me` and `refresh` with access tokens under HS256.
pub(crate) const HS256_ME: &str = "me, with HS256";
pub(crate) const HS256: [&str; 2] = [HS256_ME, "refresh, with HS256"];

/// The authorizer that also looks up the user; without the name, it looks at the token alone.
pub(crate) const LOOKS_UP: &str = "authorizer, with the user";

/// The table of settings under which access tokens are signed with HS256.
const HS256_SETTINGS: &str = "SettingsOfHs256";

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
        let packages: Vec<_> = FUNCTIONS.into_iter().chain(VERIFIERS).chain(["references"]).collect();
        Self::new(build::release(&packages), also)
    }

    /// Takes what is built already, in `NAME/bootstrap` below this folder, where `cargo lambda build` puts it.
    pub(crate) fn built(folder: &Path, also: &[(String, PathBuf)]) -> Result<Self> {
        let names = REFERENCES.into_iter().chain(FUNCTIONS).chain(VERIFIERS);
        let paths: HashMap<_, _> = names.map(|name| (name.to_owned(), folder.join(name).join("bootstrap"))).collect();
        match paths.values().find(|path| !path.is_file()) {
            Some(path) => Err(format!("not found: {}", path.display()).into()),
            None => Ok(Self::new(paths, also)),
        }
    }

    fn new(paths: HashMap<String, PathBuf>, also: &[(String, PathBuf)]) -> Self {
        let names = REFERENCES.iter().chain(&FUNCTIONS).chain(&VERIFIERS).map(|name| (*name).to_owned());
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
        self.names().skip(REFERENCES.len() + FUNCTIONS.len() + VERIFIERS.len())
    }

    /// Which function's events a binary takes: of what was added, those of the function whose name its file has, if any.
    pub(crate) fn role<'a>(&'a self, name: &'a str) -> &'a str {
        if let Some((function, _)) = name.split_once(',').filter(|_| HS256.contains(&name) || name == LOOKS_UP) {
            return function;
        }
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
    access_hs256: String,
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
        let other = |name: &str| (name == "SETTINGS_TABLE").then(|| HS256_SETTINGS.to_owned());
        database.prepare(&Template::read()?.with_table_names(other), HS256_SETTINGS).await?;
        let settings = database.client().await.update_item().table_name(HS256_SETTINGS);
        let settings = settings.key("id", AttributeValue::S("settings".into()));
        let settings = settings.update_expression("SET ACCESS_TOKEN_ALGORITHM = :hs256");
        settings.expression_attribute_values(":hs256", AttributeValue::S("HS256".into())).send().await?;
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
            access_hs256: String::new(),
            refresh: String::new(),
        };
        let mut register = stage.process("register").await?;
        let account = json!({ "email": EMAIL, "username": "ada", "password": PASSWORD });
        expect(&register.call(event("register", &account)).await?, 201)?;
        (stage.access, stage.refresh) = stage.log_in(stage.process("login").await?).await?;
        (stage.access_alone, _) = stage.log_in(stage.process_alone("login").await?).await?;
        let by_hmac = stage.process_without("SETTINGS_TABLE", "login", &[hs256_settings()]).await?;
        (stage.access_hs256, _) = stage.log_in(by_hmac).await?;
        Ok(stage)
    }

    /// A new process of a function or a reference.
    pub(crate) async fn process(&self, name: &str) -> Result<Process> {
        match name {
            ALONE => return self.process_alone("me").await,
            UNMEASURED => return self.process_without("METRICS_NAMESPACE", "me", &[]).await,
            LOOKS_UP => return self.process_without("API_URL", "authorizer", &[api_url()]).await,
            _ => {}
        }
        if HS256.contains(&name) {
            return self.process_without("SETTINGS_TABLE", self.binaries.role(name), &[hs256_settings()]).await;
        }
        if self.binaries.role(name) == "authorizer" {
            let checks = ("AUTHORIZER_CHECKS".into(), "token".into());
            return self.process_without("API_URL", name, &[api_url(), checks]).await;
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
            "jwks" => {
                let mut event = event(function, &Value::Null);
                if let Some(fields) = event.as_object_mut() {
                    fields.insert("rawPath".into(), "/.well-known/jwks.json".into());
                    fields.insert("requestContext".into(), context("GET"));
                }
                event
            }
            _ => {
                let access = match function {
                    ALONE => &self.access_alone,
                    HS256_ME => &self.access_hs256,
                    _ => &self.access,
                };
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

/// Where the settings with HS256 are.
fn hs256_settings() -> (String, String) {
    ("SETTINGS_TABLE".into(), HS256_SETTINGS.into())
}

/// The URL of the API that the events come through, which issues the tokens.
fn api_url() -> (String, String) {
    ("API_URL".into(), "https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com".into())
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
    let passes = answer.get("isAuthorized") == Some(&true.into());
    if passes || answer.get("statusCode") == Some(&status.into()) {
        Ok(())
    } else {
        Err(format!("not {status}: {answer}").into())
    }
}

/// The status of a function that does what it is asked for; references answer 200.
pub(crate) fn good_status(name: &str) -> u16 {
    if name == "register" { 201 } else { 200 }
}
