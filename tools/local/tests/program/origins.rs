//! Front ends of other origins.

use reqwest::blocking::Client;
use rstest::rstest;

use crate::running::{Running, program};

#[test]
fn statement_22_a_front_end_of_a_listed_origin_may_call_it_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::in_memory(&folder, &["--cors-origin", "http://localhost:5173"]);
    let header = |method: reqwest::Method, origin: &str, name: &str| {
        let request = Client::builder().no_proxy().build().unwrap();
        let request = request.request(method, format!("{}/api/me/", running.url));
        let request = request.header("origin", origin).header("access-control-request-method", "PUT");
        let response = request.header("access-control-request-headers", "authorization,content-type").send().unwrap();
        response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
    };
    let preflight = |origin: &str, name: &str| header(reqwest::Method::OPTIONS, origin, name);
    assert_eq!(
        preflight("http://localhost:5173", "access-control-allow-origin").as_deref(),
        Some("http://localhost:5173")
    );
    assert_eq!(
        preflight("http://localhost:5173", "access-control-allow-methods").as_deref(),
        Some("GET,HEAD,POST,PUT,PATCH")
    );
    assert_eq!(preflight("http://localhost:5173", "access-control-max-age").as_deref(), Some("3600"));
    assert_eq!(
        header(reqwest::Method::GET, "http://localhost:5173", "access-control-expose-headers").as_deref(),
        Some("retry-after,www-authenticate,x-amzn-remapped-www-authenticate,x-request-id")
    );
    assert_eq!(preflight("http://evil.example", "access-control-allow-origin"), None);
}

#[rstest]
#[case::everybody("*", "wildcards are not supported")]
#[case::no_origin("null", "serve the page over HTTP")]
#[case::no_scheme("localhost:5173", "write http://localhost:5173")]
#[case::a_slash_at_the_end("http://localhost:5173/", "write http://localhost:5173")]
#[case::upper_case("http://LOCALHOST:5173", "write http://localhost:5173")]
#[case::the_default_port("https://shop.example:443", "write https://shop.example")]
#[case::bytes_outside_of_ascii("http://bücher.example", "xn--")]
fn an_origin_that_can_never_match_is_refused_with_the_right_form(#[case] origin: &str, #[case] expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--in-memory", "--port", "0", "--dynamodb-port", "0", "--cors-origin", origin];
    let output = program(folder.path(), &arguments).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    let line = error.lines().find(|line| line.starts_with("error: ")).unwrap();
    assert!(line.contains("--cors-origin") && line.contains(expected), "{error}");
    assert!(!error.contains("panicked"), "{error}");
}
