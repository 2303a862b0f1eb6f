//! The lines that CloudWatch makes metrics of, held against what happened.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};

use crate::{
    aws::Aws,
    endpoints::{event, with_body},
    function::Function,
};

/// The lines of requests in a function's log.
fn lines(log: &str) -> Vec<Value> {
    let lines =
        log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}")));
    lines.filter(|line| line["event"] == "request").collect()
}

/// The sums of the metrics that count, as CloudWatch finds them: only what the directive names is one.
fn sums(lines: &[Value]) -> BTreeMap<String, f64> {
    let mut sums = BTreeMap::new();
    for line in lines {
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(
            (&directive["Namespace"], &directive["Dimensions"]),
            (&json!("pyshop-auth"), &json!([["Function"]]))
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

/// Calls a function with events, ends it, and returns the lines and their sums.
async fn run(aws: &Aws, name: &str, events: Vec<Value>) -> (Vec<Value>, BTreeMap<String, f64>, Vec<Value>) {
    let mut variables = aws.variables();
    variables.push(("METRICS_NAMESPACE".into(), "pyshop-auth".into()));
    let mut function = Function::start(name, &variables).await;
    let mut answers = Vec::new();
    for event in &events {
        answers.push(function.call(event.clone()).await);
    }
    let lines = lines(&function.end());
    assert_eq!(lines.len(), events.len(), "{name}");
    for ((line, event), answer) in lines.iter().zip(&events).zip(&answers) {
        assert_eq!(line["request_id"], event["requestContext"]["requestId"].as_str().unwrap_or_default());
        assert_eq!((&line["status"], &line["Function"]), (&answer["statusCode"], &json!(name)));
    }
    let sums = sums(&lines);
    (lines, sums, answers)
}

fn expected(counts: &[(&str, u32)]) -> BTreeMap<String, f64> {
    counts.iter().map(|(name, count)| ((*name).to_owned(), f64::from(*count))).collect()
}

fn with_token(name: &str, field: &str, token: &Value) -> Value {
    with_body(name, &json!({ field: token }))
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_what_happened() {
    let aws = Aws::start().await;
    let settings = aws.tables().await.put_item().table_name("SettingsTable");
    let number = |number: &str| AttributeValue::N(number.into());
    let settings = settings.item("id", AttributeValue::S("settings".into()));
    let settings = settings.item("ROTATE_REFRESH_TOKENS", AttributeValue::Bool(true));
    let settings = settings.item("REFRESH_TOKEN_GRACE", number("0")).item("LOGIN_MAX_FAILURES_PER_SOURCE", number("2"));
    let settings = settings.item("REGISTER_MAX_PER_SOURCE", number("1"));
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
    assert!(logins[0]["Duration"].as_f64() >= logins[0]["HashTime"].as_f64(), "{logins:?}");
    let tokens: Value = serde_json::from_str(answers[0]["body"].as_str().unwrap()).unwrap();

    // The second time it has been replaced.
    let refresh = with_token("refresh", "refresh", &tokens["refresh"]);
    let (refreshes, sums, _) =
        run(&aws, "refresh", vec![refresh.clone(), refresh.clone(), event("refresh-invalid")]).await;
    assert_eq!(sums, expected(&[("ColdStarts", 1), ("Refreshes", 1), ("RefreshReplays", 1)]));

    let others: Value = serde_json::from_str(answers[1]["body"].as_str().unwrap()).unwrap();
    let logout = with_token("logout", "refresh", &others["refresh"]);
    let (logouts, sums, _) = run(&aws, "logout", vec![logout.clone(), logout]).await;
    assert_eq!(sums, expected(&[("ColdStarts", 1), ("Logouts", 1)]));

    let mut me = [event("me"), event("me-update")];
    for event in &mut me {
        event["headers"]["authorization"] = format!("Bearer {}", tokens["access"].as_str().unwrap()).into();
    }
    let (profiles, sums, _) = run(&aws, "me", [me.to_vec(), vec![event("me-without-token"), json!({})]].concat()).await;
    assert_eq!(sums, expected(&[("ColdStarts", 1), ("ProfileChanges", 1)]));

    // What the template shows and is alarmed by is there.
    let all = [registrations, logins, refreshes, logouts, profiles].concat();
    let measured: BTreeSet<_> = all.iter().flat_map(names).collect();
    let wanted = wanted(include_str!("../../template.yaml"));
    assert!(wanted.len() >= 15, "{wanted:?}");
    let missing: Vec<_> = wanted.iter().filter(|metric| !measured.contains(*metric)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// The metrics of a line, each with its function.
fn names(line: &Value) -> Vec<(String, String)> {
    let function = line["Function"].as_str().unwrap();
    let metrics = line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap();
    metrics.iter().map(|metric| (metric["Name"].as_str().unwrap().into(), function.into())).collect()
}

/// The metrics of the stack's own namespace that the template's alarms and its dashboard name, each with its function.
fn wanted(template: &str) -> BTreeSet<(String, String)> {
    let mut wanted = BTreeSet::new();
    let template: serde_norway::Value = serde_norway::from_str(template).unwrap();
    let mut want = |namespace: &str, metric: &str, function: &str| {
        if namespace == "AWS::StackName" || namespace == "${AWS::StackName}" {
            wanted.insert((metric.to_owned(), function.to_owned()));
        }
    };
    for resource in template["Resources"].as_mapping().unwrap().values() {
        let properties = &resource["Properties"];
        let stats =
            properties["Metrics"].as_sequence().into_iter().flatten().map(|metric| &metric["MetricStat"]["Metric"]);
        for metric in std::iter::once(properties).chain(stats).filter(|metric| !metric["MetricName"].is_null()) {
            let text = |value: &serde_norway::Value| match value {
                serde_norway::Value::Tagged(tagged) => tagged.value.as_str().unwrap().to_owned(),
                value => value.as_str().unwrap().to_owned(),
            };
            let [namespace, name, function] =
                [&metric["Namespace"], &metric["MetricName"], &metric["Dimensions"][0]["Value"]].map(text);
            want(&namespace, &name, &function);
        }
        let serde_norway::Value::Tagged(body) = &properties["DashboardBody"] else { continue };
        let body: Value = serde_json::from_str(body.value.as_str().unwrap()).unwrap();
        for widget in body["widgets"].as_array().unwrap() {
            // `.` is what the metric before has there, `...` all that it has but the last.
            let mut before: Vec<String> = Vec::new();
            for metric in widget["properties"]["metrics"].as_array().unwrap() {
                let mut texts: Vec<_> =
                    metric.as_array().unwrap().iter().filter_map(Value::as_str).map(str::to_owned).collect();
                if texts[0] == "..." {
                    let last = texts.get(1).cloned();
                    texts = before.clone();
                    texts[3] = last.unwrap_or_else(|| before[3].clone());
                }
                for (text, above) in texts.iter_mut().zip(&before) {
                    if text == "." {
                        text.clone_from(above);
                    }
                }
                want(&texts[0], &texts[1], &texts[3]);
                before = texts;
            }
        }
    }
    wanted
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_namespace_each_request_has_its_line_all_the_same() {
    let aws = Aws::start().await;
    let mut login = Function::start("login", &aws.variables()).await;
    login.call(event("login")).await;
    let lines = lines(&login.end());
    assert_eq!((lines.len(), lines[0].get("_aws"), &lines[0]["status"]), (1, None, &json!(401)));
}
