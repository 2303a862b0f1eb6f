//! Checks the log lines from which CloudWatch extracts metrics against the events that happened.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};

use crate::{
    aws::Aws,
    endpoints::{event, with_body},
    function::Function,
};

/// The request lines in the log of a function.
fn lines(log: &str) -> Vec<Value> {
    let lines =
        log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}")));
    lines.filter(|line| line["event"] == "request").collect()
}

/// The sums of the count metrics, as CloudWatch computes them: only fields listed in the directive are metrics.
fn sums(lines: &[Value]) -> BTreeMap<String, f64> {
    let mut sums = BTreeMap::new();
    for line in lines {
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(
            (&directive["Namespace"], &directive["Dimensions"]),
            (&json!("pyshop-auth"), &json!([["function"]]))
        );
        for metric in directive["Metrics"].as_array().unwrap() {
            let value = line[metric["Name"].as_str().unwrap()].as_f64().unwrap();
            if metric["Unit"] == "Count" {
                *sums.entry(metric["Name"].as_str().unwrap().to_owned()).or_default() += value;
            } else {
                assert!(value >= 0.0, "{line}");
            }
        }
    }
    sums
}

/// Sends events to a function, and returns the log lines of the requests, the sums of their metrics, and the responses.
async fn run(aws: &Aws, name: &str, events: Vec<Value>) -> (Vec<Value>, BTreeMap<String, f64>, Vec<Value>) {
    let mut variables = aws.variables();
    variables.push(("METRICS_NAMESPACE".into(), "pyshop-auth".into()));
    variables.push(("TOKEN_ISSUER".into(), "issuer".into()));
    let mut function = Function::start(name, &variables).await;
    let mut answers = Vec::new();
    for event in &events {
        answers.push(function.call(event.clone()).await);
    }
    let lines = lines(&function.end());
    assert_eq!(lines.len(), events.len(), "{name}");
    for ((line, event), answer) in lines.iter().zip(&events).zip(&answers) {
        assert_eq!(line["request_id"], event["requestContext"]["requestId"].as_str().unwrap_or_default());
        assert_eq!(line["function"], name);
        // An authorizer answers with a decision.
        if let Some(decision) = answer["isAuthorized"].as_bool() {
            assert_eq!(line["status"], if decision { 200 } else { 401 });
        } else {
            assert_eq!(line["status"], answer["statusCode"]);
        }
    }
    let sums = sums(&lines);
    (lines, sums, answers)
}

fn expected(counts: &[(&str, u32)]) -> BTreeMap<String, f64> {
    counts.iter().map(|(name, count)| ((*name).to_owned(), f64::from(*count))).collect()
}

/// The same event from another source address.
fn elsewhere(mut event: Value) -> Value {
    event["requestContext"]["http"]["sourceIp"] = "198.51.100.4".into();
    event
}

fn with_token(name: &str, field: &str, token: &Value) -> Value {
    with_body(name, &json!({ field: token }))
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_match_the_events_that_happened() {
    let aws = Aws::start().await;
    let settings = aws.tables().await.put_item().table_name("SettingsTable");
    let number = |number: &str| AttributeValue::N(number.into());
    let settings = settings.item("id", AttributeValue::S("settings".into()));
    let settings = settings.item("ROTATE_REFRESH_TOKENS", AttributeValue::Bool(true));
    let settings = settings.item("REFRESH_TOKEN_GRACE", number("0")).item("LOGIN_MAX_FAILURES_PER_SOURCE", number("2"));
    let settings = settings.item("REGISTER_MAX_PER_SOURCE", number("1"));
    let settings = settings.item("EMAIL_CHANGE_NEEDS_PASSWORD", AttributeValue::Bool(true));
    settings.send().await.unwrap();

    let (registrations, sums, _) =
        run(&aws, "register", vec![event("register"), event("register"), event("register-invalid")]).await;
    assert_eq!(sums, expected(&[("ColdStarts", 1), ("Registrations", 1), ("RegistrationLocks", 1)]));
    assert!(
        registrations[0]["HashTime"].as_f64() > Some(1.0) && registrations[0]["DynamoDbTime"].as_f64() > Some(0.0),
        "{registrations:?}"
    );
    assert!(
        registrations[2].get("HashTime").is_none() && registrations[2].get("DynamoDbTime").is_none(),
        "{registrations:?}"
    );

    let wrong = event("login-wrong-password");
    let events = vec![event("login"), event("login"), event("login-not-found"), wrong.clone(), wrong.clone(), wrong];
    let (logins, sums, answers) = run(&aws, "login", events).await;
    assert_eq!(sums, expected(&[("ColdStarts", 1), ("Logins", 2), ("LoginFailures", 2), ("LoginLocks", 1)]));
    assert!(logins[0]["duration_ms"].as_f64() >= logins[0]["HashTime"].as_f64(), "{logins:?}");
    let tokens: Value = serde_json::from_str(answers[0]["body"].as_str().unwrap()).unwrap();

    // The second use is a replay, since the token has been replaced.
    let refresh = with_token("refresh", "refresh", &tokens["refresh"]);
    let (refreshes, sums, _) =
        run(&aws, "refresh", vec![refresh.clone(), refresh.clone(), event("refresh-invalid")]).await;
    assert_eq!(sums, expected(&[("ColdStarts", 1), ("Refreshes", 1), ("RefreshReplays", 1)]));

    let others: Value = serde_json::from_str(answers[1]["body"].as_str().unwrap()).unwrap();
    // A third session, from an address without failed logins, whose token is replaced before it is used to log out.
    let (_, _, answers) = run(&aws, "login", vec![elsewhere(event("login"))]).await;
    let tokens: Value = serde_json::from_str(answers[0]["body"].as_str().unwrap()).unwrap();
    run(&aws, "refresh", vec![with_token("refresh", "refresh", &tokens["refresh"])]).await;
    let logout = with_token("logout", "refresh", &others["refresh"]);
    let replaced = with_token("logout", "refresh", &tokens["refresh"]);
    let (logouts, sums, _) = run(&aws, "logout", vec![logout.clone(), logout, replaced]).await;
    assert_eq!(sums, expected(&[("ColdStarts", 1), ("Logouts", 1), ("RefreshReplays", 1)]));

    let wrong = with_body("me-update", &json!({ "email": "other@example.com", "current_password": "wrong horse" }));
    let mut me = [event("me"), event("me-update"), wrong.clone(), wrong.clone(), wrong];
    for event in &mut me {
        event["headers"]["authorization"] = format!("Bearer {}", tokens["access"].as_str().unwrap()).into();
        *event = elsewhere(event.take());
    }
    let (profiles, sums, _) = run(&aws, "me", [me.to_vec(), vec![event("me-without-token"), json!({})]].concat()).await;
    assert_eq!(sums, expected(&[("ColdStarts", 1), ("ProfileChanges", 1), ("LoginFailures", 2), ("LoginLocks", 1)]));

    let (key_sets, sums, _) = run(&aws, "jwks", vec![event("jwks"), event("jwks")]).await;
    assert_eq!(sums, expected(&[("ColdStarts", 1)]));
    let mut authorizer = event("authorizer");
    authorizer["headers"]["authorization"] = format!("Bearer {}", tokens["access"].as_str().unwrap()).into();
    let events = vec![authorizer, event("authorizer-without-token"), event("authorizer")];
    let (authorizations, sums, _) = run(&aws, "authorizer", events).await;
    assert_eq!(sums, expected(&[("ColdStarts", 1), ("AuthorizerDenials", 2)]));
    assert!(authorizations[0]["DynamoDbTime"].as_f64() > Some(0.0), "{authorizations:?}");

    // Every metric used by the dashboard and the alarms of the template exists.
    let all = [registrations, logins, refreshes, logouts, profiles, key_sets].concat();
    let measured: BTreeSet<_> = all.iter().flat_map(names).collect();
    // The metrics that are charged: three of `me` occur only if a change of email address requires the password, and those of
    // the authorizer only if there is one.
    let asked = ["HashTime", "LoginFailures", "LoginLocks"];
    let of_authorizer: BTreeSet<_> = authorizations.iter().flat_map(names).collect();
    assert!(
        include_str!("../../docs/costs.md")
            .contains(&format!("{} more with `Authorizer`", ["no", "one", "two", "three"][of_authorizer.len()]))
    );
    let of_all = |(metric, function): &&(String, String)| function != "me" || !asked.contains(&metric.as_str());
    let usual = measured.iter().filter(of_all).count();
    let prices: Value = serde_json::from_str(include_str!("../../tools/bench/prices.json")).unwrap();
    assert_eq!((json!(usual), measured.len()), (prices["own_metrics"].clone(), usual + asked.len()));
    assert!(include_str!("../../docs/costs.md").contains(&format!("have {usual} metrics of their own")));

    let template: serde_norway::Value = serde_norway::from_str(include_str!("../../template.yaml")).unwrap();
    let alarmed = alarmed(&template);
    let wanted: BTreeSet<_> = alarmed.union(&shown(&template)).cloned().collect();
    assert!(wanted.len() >= 15, "{wanted:?}");
    let missing: Vec<_> = wanted.difference(&measured).collect();
    assert!(missing.is_empty(), "{missing:?}");

    // Every metric that shows an attack has an alarm, in each function that reports it.
    let of_attacks = ["LoginFailures", "LoginLocks", "RefreshReplays"];
    let of_attacks = measured.iter().filter(|(metric, _)| of_attacks.contains(&metric.as_str()));
    let of_attacks: BTreeSet<_> = of_attacks.cloned().collect();
    assert_eq!(alarmed, of_attacks);
}

/// The metrics of a line, as pairs of metric and function.
fn names(line: &Value) -> Vec<(String, String)> {
    let function = line["function"].as_str().unwrap();
    let metrics = line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap();
    metrics.iter().map(|metric| (metric["Name"].as_str().unwrap().into(), function.into())).collect()
}

/// The metrics in the namespace of the stack that have alarms, as pairs of metric and function.
fn alarmed(template: &serde_norway::Value) -> BTreeSet<(String, String)> {
    let resources = template["Resources"].as_mapping().unwrap().values();
    let alarms = resources.filter(|resource| resource["Type"] == "AWS::CloudWatch::Alarm");
    let metrics = alarms.flat_map(|alarm| {
        let properties = &alarm["Properties"];
        let metrics = properties["Metrics"].as_sequence().into_iter().flatten();
        std::iter::once(properties).chain(metrics.map(|metric| &metric["MetricStat"]["Metric"]))
    });
    let own = metrics.filter(|metric| {
        matches!(&metric["Namespace"], serde_norway::Value::Tagged(namespace) if namespace.value == "AWS::StackName")
    });
    // A metric without a function comes from the access log of the gateway.
    let of_functions = own.filter_map(|metric| {
        let function = metric["Dimensions"][0]["Value"].as_str()?;
        Some((metric["MetricName"].as_str()?.to_owned(), function.to_owned()))
    });
    of_functions.collect()
}

/// The metrics in the namespace of the stack that the dashboard shows, as pairs of metric and function.
fn shown(template: &serde_norway::Value) -> BTreeSet<(String, String)> {
    let body = &template["Resources"]["OverviewDashboard"]["Properties"]["DashboardBody"];
    let serde_norway::Value::Tagged(body) = body else { panic!("{body:?}") };
    let body: Value = serde_json::from_str(body.value.as_str().unwrap()).unwrap();
    let mut shown = BTreeSet::new();
    for widget in body["widgets"].as_array().unwrap() {
        // `.` repeats the value of the previous metric at this position.
        let mut before: Vec<String> = Vec::new();
        for metric in widget["properties"]["metrics"].as_array().unwrap() {
            let mut texts: Vec<_> =
                metric.as_array().unwrap().iter().filter_map(Value::as_str).map(str::to_owned).collect();
            for (text, above) in texts.iter_mut().zip(&before) {
                if text == "." {
                    text.clone_from(above);
                }
            }
            if texts[0] == "${AWS::StackName}" {
                shown.insert((texts[1].clone(), texts[3].clone()));
            }
            before = texts;
        }
    }
    shown
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_is_logged_even_without_a_metrics_namespace() {
    let aws = Aws::start().await;
    let mut login = Function::start("login", &aws.variables()).await;
    login.call(event("login")).await;
    let lines = lines(&login.end());
    assert_eq!((lines.len(), lines[0].get("_aws"), &lines[0]["status"]), (1, None, &json!(401)));
}

#[tokio::test]
async fn the_method_of_a_request_is_logged_if_there_is_one() {
    let aws = Aws::start().await;
    let mut function = Function::start("logout", &aws.variables()).await;
    let with_method = |method: Value| {
        let mut event = event("logout");
        event["requestContext"]["http"]["method"] = method;
        event
    };
    let no_event = function.call(json!({ "Records": [] })).await;
    assert_eq!(no_event["statusCode"], 500);
    let no_method = function.call(with_method("BREW COFFEE".into())).await;
    assert_eq!(no_method["statusCode"], 405);
    assert_eq!(no_method["body"], r#"{"detail":"Method \"BREW COFFEE\" not allowed."}"#);
    let connect = function.call(with_method("CONNECT".into())).await;
    assert_eq!(connect["body"], r#"{"detail":"Method \"CONNECT\" not allowed."}"#);
    let methods: Vec<_> = lines(&function.end()).iter().map(|line| line["method"].clone()).collect();
    assert_eq!(methods, [Value::Null, Value::Null, "CONNECT".into()]);
}
