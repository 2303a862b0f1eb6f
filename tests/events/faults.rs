//! Statement 23: functions that start while the services they need are unavailable.

use harness::{environment, stand_in::Nowhere};
use local::template::Template;
use serde_json::Value;

use crate::{aws::Aws, endpoints::event, function::Function};

#[track_caller]
pub(crate) fn assert_unavailable(answer: &Value) {
    assert_eq!(answer["statusCode"], 503, "{answer}");
    assert_eq!(answer["body"], r#"{"detail":"Service temporarily unavailable."}"#);
    assert_eq!(answer["headers"]["retry-after"], "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn statement_23_a_function_without_permissions_returns_503_and_recovers() {
    let aws = Aws::start().await;
    aws.deny(true);
    let mut login = Function::start("login", &aws.variables()).await;
    let mut refresh = Function::start("refresh", &aws.variables()).await;
    // A well-formed token: the keys are needed to find that it is invalid.
    let mut presented = event("refresh-invalid");
    presented["body"] = format!(r#"{{"refresh": "psr_{}"}}"#, "A".repeat(80)).into();
    for _ in 0..2 {
        assert_unavailable(&login.call(event("login")).await);
        assert_unavailable(&refresh.call(presented.clone()).await);
    }
    aws.deny(false);
    assert_eq!(login.call(event("login")).await["statusCode"], 401);
    assert_eq!(refresh.call(presented).await["statusCode"], 401);
    let log = login.end();
    assert!(log.contains("secret_unavailable") && log.contains("AccessDeniedException"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn statement_23_a_function_without_a_network_returns_503() {
    let nowhere = Nowhere::new();
    let nowhere = nowhere.url();
    let mut login = Function::start("login", &environment(&Template::read().unwrap(), &nowhere, &nowhere)).await;
    for _ in 0..2 {
        assert_unavailable(&login.call(event("login")).await);
    }
    login.end();
}
