//! The sample events in `events/`, and the expected responses.

use std::{collections::BTreeSet, fs};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use local::template::Template;
use serde_json::{Value, json};

use crate::{aws::Aws, function::Function};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../events");

/// The URL of the API that the events are of.
const API_URL: &str = "https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com";

/// The event in the file `events/NAME.json`.
pub(crate) fn event(name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(format!("{FOLDER}/{name}.json")).unwrap()).unwrap()
}

/// The same event, with another body.
pub(crate) fn with_body(name: &str, body: &Value) -> Value {
    let mut event = event(name);
    event["body"] = body.to_string().into();
    event
}

/// All functions, and the names of the events that were sent to them.
struct Functions {
    running: Vec<(String, Function)>,
    sent: BTreeSet<String>,
    /// Placeholders for tokens and entity tags in events, and their values.
    tokens: Vec<(&'static str, String)>,
}

impl Functions {
    async fn start(aws: &Aws) -> Self {
        let mut running = Vec::new();
        let template = Template::read().unwrap();
        for name in template.functions().map(|function| &function.name) {
            let mut variables = aws.variables();
            if name == "authorizer" {
                // It is on no route of the API, whose id the template gives it.
                variables.push(("API_URL".into(), API_URL.into()));
            }
            running.push((name.to_owned(), Function::start(name, &variables).await));
        }
        Self { running, sent: BTreeSet::new(), tokens: Vec::new() }
    }

    /// Sends an event to the function whose name its file name starts with, and returns the response.
    async fn send(&mut self, file: &str) -> Value {
        self.sent.insert(file.into());
        let mut event = event(file).to_string();
        for (placeholder, token) in &self.tokens {
            event = event.replace(placeholder, token);
        }
        let named = self.running.iter_mut().find(|(name, _)| file.split('-').next() == Some(name.as_str()));
        let (_, function) = named.unwrap_or_else(|| panic!("no function matches {file}"));
        function.call(serde_json::from_str(&event).unwrap()).await
    }

    /// Sends an event, and asserts the response. Ids and tokens differ each time and are replaced by `…`.
    async fn check(&mut self, file: &str, status: u16, expected: Value) {
        let answer = self.send(file).await;
        let mut body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        for name in ["id", "access", "refresh"] {
            if let Some(value) = body.get_mut(name) {
                *value = "…".into();
            }
        }
        assert_eq!((&answer["statusCode"], body), (&json!(status), expected), "{file}");
        assert_eq!(answer["headers"]["x-request-id"], event(file)["requestContext"]["requestId"], "{file}");
        assert_eq!(answer["isBase64Encoded"], json!(false), "{file}");
    }
}

/// The headers of a response, without the request id.
fn without_id(mut headers: Value) -> Value {
    headers.as_object_mut().unwrap().remove("x-request-id").unwrap();
    headers
}

#[tokio::test(flavor = "multi_thread")]
async fn every_sample_event_gets_the_expected_response() {
    let aws = Aws::start().await;
    let mut functions = Functions::start(&aws).await;
    let detail = |text: &str| json!({ "detail": text });

    let ada = json!({ "id": "…", "username": "ada", "email": "ada@example.com" });
    functions.check("register", 201, ada.clone()).await;
    let taken = "A user with that username already exists.";
    let known = "A user with that email already exists.";
    functions.check("register", 400, json!({ "username": [taken], "email": [known] })).await;
    let invalid = json!({
        "username": [
            "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters."
        ],
        "email": ["Enter a valid email address."],
        "password": ["This field may not be blank."],
    });
    functions.check("register-invalid", 400, invalid).await;
    let weak = json!({
        "password": [
            "This password is too short. It must contain at least 8 characters.",
            "This password is too common.",
            "This password is entirely numeric.",
        ],
    });
    functions.check("register-weak-password", 400, weak).await;

    let tokens = json!({ "access": "…", "refresh": "…" });
    for file in ["login", "login-without-slash", "login-base64", "login-base-path", "login-base-path-in-path"] {
        functions.check(file, 200, tokens.clone()).await;
    }
    functions.check("login-wrong-password", 401, detail("Incorrect authentication credentials.")).await;
    let expected = detail("JSON parse error - EOF while parsing an object at line 1 column 1");
    functions.check("login-not-json", 400, expected).await;
    let expected = detail("JSON parse error - the body is not base64: Invalid symbol 33, offset 0.");
    functions.check("login-broken-base64", 400, expected).await;
    let expected = detail("Unsupported media type \"application/x-www-form-urlencoded\" in request.");
    functions.check("login-media-type", 415, expected).await;
    functions.check("login-method", 405, detail("Method \"GET\" not allowed.")).await;
    functions.check("login-not-found", 404, detail("Not found.")).await;

    functions.check("me", 401, detail("Invalid token.")).await;
    functions.check("refresh", 401, detail("Token is invalid or expired.")).await;
    let login = functions.send("login").await;
    let login: Value = serde_json::from_str(login["body"].as_str().unwrap()).unwrap();
    functions.tokens = [("ACCESS_TOKEN", "access"), ("REFRESH_TOKEN", "refresh")]
        .map(|(placeholder, name)| (placeholder, login[name].as_str().unwrap().to_owned()))
        .into();
    functions.check("me", 200, ada).await;
    functions.check("me-without-token", 401, detail("Authentication credentials were not provided.")).await;
    functions.check("me-invalid-token", 401, detail("Invalid token.")).await;
    let lovelace = json!({ "id": "…", "username": "lovelace", "email": "ada@example.com" });
    functions.check("me-update", 200, lovelace).await;
    functions.check("refresh", 200, json!({ "access": "…" })).await;
    functions.check("refresh-invalid", 401, detail("Token is invalid or expired.")).await;
    functions.check("logout", 200, json!({ "success": "User logged out." })).await;
    functions.check("logout", 401, detail("Token is invalid or expired.")).await;

    functions.check("docs-not-found", 404, detail("Not found.")).await;
    let page = functions.send("docs").await;
    assert_eq!(
        (&page["statusCode"], &page["headers"]["content-type"]),
        (&json!(200), &json!("text/html; charset=utf-8"))
    );
    assert!(page["headers"]["content-security-policy"].as_str().unwrap().starts_with("default-src 'none'; "), "{page}");
    assert_eq!(page["headers"]["cache-control"], "public, max-age=300");
    // Links are relative to the page, with and without a trailing slash.
    let below = functions.send("docs-base-path").await;
    for (page, link) in [(&page, "src=\"start.js\""), (&below, "src=\"docs/start.js\"")] {
        assert!(page["body"].as_str().unwrap().contains(link), "{page}");
    }
    let answer = functions.send("docs-schema").await;
    assert_eq!(answer["headers"]["cache-control"], "public, max-age=86400");
    let schema: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    let mut document: Value = serde_norway::from_str(include_str!("../../openapi.yaml")).unwrap();
    document["servers"] = json!([{ "description": "Where this document comes from", "url": "../.." }]);
    assert_eq!(schema, document);
    // Assets are compressed, and therefore sent in base64 with Content-Encoding.
    let asset = functions.send("docs-asset").await;
    assert_eq!((&asset["isBase64Encoded"], &asset["headers"]["content-encoding"]), (&json!(true), &json!("gzip")));
    assert!(asset["body"].as_str().unwrap().starts_with("H4sI"), "{asset}");
    assert_eq!(asset["headers"]["cache-control"], "public, max-age=86400");
    assert_eq!(without_id(functions.send("docs-head").await["headers"].clone()), without_id(asset["headers"].clone()));
    // A client that has the asset in its cache gets 304.
    let tag = asset["headers"]["etag"].as_str().unwrap().trim_matches('"').to_owned();
    functions.tokens.push(("ENTITY_TAG", tag));
    let unchanged = functions.send("docs-unchanged").await;
    assert_eq!((&unchanged["statusCode"], unchanged["body"].as_str().unwrap_or_default()), (&json!(304), ""));
    for header in ["cache-control", "etag"] {
        assert_eq!(unchanged["headers"][header], asset["headers"][header], "{header}");
    }

    check_what_others_verify_with(&mut functions).await;
    check_authorizer(&mut functions, login["access"].as_str().unwrap()).await;

    let files = fs::read_dir(FOLDER).unwrap().map(|file| file.unwrap().path());
    let names: BTreeSet<_> = files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    let unsent: Vec<_> = names.difference(&functions.sent).filter(|name| !name.starts_with("other-")).collect();
    assert!(unsent.is_empty(), "no test case for {unsent:?}");
}

/// The key set and the configuration, under the URL that the events came to.
async fn check_what_others_verify_with(functions: &mut Functions) {
    let configuration = functions.send("jwks-configuration").await;
    let body: Value = serde_json::from_str(configuration["body"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&body["issuer"], &body["jwks_uri"]),
        (&json!(API_URL), &json!(format!("{API_URL}/.well-known/jwks.json")))
    );
    let set = functions.send("jwks").await;
    assert_eq!(set["headers"]["cache-control"], "public, max-age=300");
    assert_eq!(set["headers"]["access-control-allow-origin"], "*");
    let body: Value = serde_json::from_str(set["body"].as_str().unwrap()).unwrap();
    assert!(body["keys"].as_array().is_some_and(|keys| keys.len() == 1 && keys[0]["alg"] == "ES256"), "{body}");
    // Under a base path, and where a client has it in its cache.
    assert_eq!(functions.send("jwks-base-path").await["body"], set["body"]);
    let tag = set["headers"]["etag"].as_str().unwrap().trim_matches('"').to_owned();
    functions.tokens.retain(|(placeholder, _)| *placeholder != "ENTITY_TAG");
    functions.tokens.push(("ENTITY_TAG", tag));
    let unchanged = functions.send("jwks-unchanged").await;
    assert_eq!((&unchanged["statusCode"], unchanged["body"].as_str().unwrap_or_default()), (&json!(304), ""));
}

/// What API Gateway asks the authorizer for other APIs.
async fn check_authorizer(functions: &mut Functions, access: &str) {
    let claims: Value =
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(access.split('.').nth(1).unwrap()).unwrap()).unwrap();
    let simple = functions.send("authorizer").await;
    let expires_at = claims["exp"].to_string();
    let context = json!({ "user_id": claims["sub"], "session_id": claims["sid"], "expires_at": expires_at });
    assert_eq!(simple, json!({ "isAuthorized": true, "context": context }));
    let policy = functions.send("authorizer-rest-api").await;
    assert_eq!((&policy["principalId"], &policy["context"]), (&claims["sub"], &context));
    assert_eq!(policy["policyDocument"]["Statement"][0]["Effect"], "Allow");
    assert_eq!(functions.send("authorizer-without-token").await, json!({ "isAuthorized": false }));
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_other_services_get_an_error_and_are_logged_and_the_function_keeps_working() {
    let aws = Aws::start().await;
    let mut login = Function::start("login", &aws.variables()).await;
    let files = fs::read_dir(FOLDER).unwrap().map(|file| file.unwrap().path());
    let others: Vec<_> = files
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| name.starts_with("other-"))
        .collect();
    assert!(others.len() >= 5, "{others:?}");
    for name in &others {
        let answer = login.call(event(name)).await;
        assert_eq!(answer["statusCode"], 500, "{name}: {answer}");
        assert_eq!(answer["body"], r#"{"detail":"Internal server error."}"#, "{name}");
    }
    assert_eq!(login.call(event("login")).await["statusCode"], 401);

    let log = login.end();
    assert_eq!(log.matches("not an event of an HTTP API with payload format 2.0").count(), others.len(), "{log}");
    assert!(!log.contains("correct horse"), "{log}");
}
