//! Its ports answer programs on this machine, and no web pages.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use local::Database;
use rstest::rstest;

use crate::running::{REGISTRATION, Running};

/// The headers of a DynamoDB request besides `Host`, with an invalid signature.
const SCAN: &str = "Content-Type: application/x-amz-json-1.0\r
X-Amz-Target: DynamoDB_20120810.Scan\r
X-Amz-Date: 20260101T000000Z\r
Authorization: AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0\r
";
const USERS: &str = r#"{"TableName": "UsersTable"}"#;

/// The answer to a request with this line, these headers, each with its line end, and this body.
fn answer(url: &str, line: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    // In one write, so that a server that does not read the body has received it before it closes.
    let request = format!("{line} HTTP/1.1\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}");
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8(answer).unwrap()
}

fn port(url: &str) -> &str {
    url.rsplit(':').next().unwrap()
}

/// Asserts that it is refused with this text, and that the answer reveals nothing else.
#[track_caller]
fn assert_refused(answer: &str, text: &str, what: &str) {
    assert!(answer.starts_with("HTTP/1.1 403 ") && answer.contains(text), "{what}: {answer}");
    let lower = answer.to_ascii_lowercase();
    assert!(!lower.contains("access-control-") && !lower.contains("ada@example.com"), "{what}: {answer}");
}

/// The program with Ada in its table of users.
fn with_ada() -> Running {
    let running = Running::in_memory(&tempfile::tempdir().unwrap(), &[]);
    assert_eq!(running.post("/api/register/", REGISTRATION).status(), 201);
    running
}

#[test]
fn the_embedded_dynamodb_answers_programs_on_this_machine() {
    let running = with_ada();
    let url = &running.dynamodb_url;
    let port = port(url);
    for host in ["127.0.0.1", "127.1.2.3:1", "localhost", "LOCALHOST:8000", "[::1]", "[0::1]:8000"] {
        for more in ["", "Sec-Fetch-Site: none\r\n"] {
            let answer = answer(url, "POST /", &format!("Host: {host}\r\n{SCAN}{more}"), USERS);
            assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("ada@example.com"), "{host}: {answer}");
        }
    }
    let answer =
        answer(url, &format!("POST http://127.0.0.1:{port}/"), &format!("Host: localhost:{port}\r\n{SCAN}"), USERS);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let client = runtime.block_on(Database::at(url).client());
    let users = runtime.block_on(client.scan().table_name("UsersTable").send()).unwrap();
    assert!(users.count >= 3, "{users:?}");
}

#[test]
fn the_embedded_dynamodb_answers_to_no_other_name() {
    let running = with_ada();
    let url = &running.dynamodb_url;
    let port = port(url);
    let here = format!("Host: 127.0.0.1:{port}\r\n");
    let named = |host: &str| ("POST /".to_owned(), format!("Host: {host}\r\n"));
    let requests = [
        named("rebind.example"),
        named(&format!("rebind.example:{port}")),
        named(&format!("localhost.rebind.example:{port}")),
        named(&format!("127.0.0.1.rebind.example:{port}")),
        named(&format!("127.0.0.1@rebind.example:{port}")),
        named(&format!("0.0.0.0:{port}")),
        named(&format!("[::]:{port}")),
        named("192.168.0.1"),
        named(""),
        ("POST /".into(), String::new()),
        ("POST /".into(), format!("{here}Host: rebind.example\r\n")),
        (format!("POST http://rebind.example:{port}/"), here),
    ];
    for (line, host) in &requests {
        let answer = answer(url, line, &format!("{host}{SCAN}"), USERS);
        assert_refused(&answer, "127.0.0.1, [::1] and localhost", &format!("{line} {host}"));
    }
}

#[test]
fn the_embedded_dynamodb_answers_no_web_page_of_any_origin() {
    let running = with_ada();
    let url = &running.dynamodb_url;
    let port = port(url);
    let from = [
        "Origin: https://evil.example".to_owned(),
        "Origin: null".into(),
        "Origin: file://".into(),
        "Origin:".into(),
        format!("Origin: http://127.0.0.1:{port}"),
        "ORIGIN: http://localhost:5173".into(),
        "Sec-Fetch-Site: cross-site".into(),
        "Sec-Fetch-Site: same-site".into(),
        "Sec-Fetch-Site: same-origin".into(),
    ];
    let asks = "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: x-amz-target,content-type\r\n";
    for from in &from {
        for (line, more) in [("POST /", SCAN), ("OPTIONS /", asks), ("GET /", ""), ("POST /other", ""), ("PUT /", SCAN)]
        {
            let headers = format!("Host: 127.0.0.1:{port}\r\n{from}\r\n{more}");
            assert_refused(&answer(url, line, &headers, USERS), "does not answer web pages", &format!("{line} {from}"));
        }
    }
}

#[test]
fn the_embedded_dynamodb_refuses_invalid_requests() {
    let running = with_ada();
    let url = &running.dynamodb_url;
    let unsigned = "Host: localhost\r\nContent-Type: application/json\r\nX-Amz-Target: DynamoDB_20120810.Scan\r\n";
    let cases = [
        ("POST /", unsigned.to_owned(), USERS, "400 ", "MissingAuthenticationToken"),
        (
            "POST /",
            format!("Host: localhost\r\n{}", SCAN.replace(".Scan", ".Steal")),
            USERS,
            "400 ",
            "UnknownOperation",
        ),
        ("POST /", format!("Host: localhost\r\n{SCAN}"), "{", "400 ", "SerializationException"),
        ("POST /", format!("Host: localhost\r\n{SCAN}"), r#"{"TableName": "None"}"#, "400 ", "ResourceNotFound"),
        (
            "POST /",
            format!("Host: localhost\r\n{}", SCAN.replace("application/x-amz-json-1.0", "text/plain")),
            USERS,
            "404 ",
            "",
        ),
        ("DELETE /", "Host: localhost\r\n".into(), "", "404 ", ""),
        ("GET /", "Host: localhost\r\n".into(), "", "200 ", "healthy"),
    ];
    for (line, headers, body, status, text) in &cases {
        let answer = answer(url, line, headers, body);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")) && answer.contains(text),
            "{line} {headers}: {answer}"
        );
        assert!(!answer.contains("ada@example.com"), "{answer}");
    }
}

#[test]
fn the_api_answers_only_to_names_of_this_machine() {
    let running = Running::in_memory(&tempfile::tempdir().unwrap(), &["--cors-origin", "http://localhost:5173"]);
    let url = &running.url;
    let port = port(url);
    let origin = "Origin: http://localhost:5173\r\n";
    for host in ["127.0.0.1", "localhost:1", "[::1]"] {
        let answer = answer(url, "GET /api/me/", &format!("Host: {host}\r\n{origin}"), "");
        assert!(
            answer.starts_with("HTTP/1.1 401 ") && answer.contains("access-control-allow-origin"),
            "{host}: {answer}"
        );
    }
    let rebound = format!("rebind.example:{port}");
    for host in [&*rebound, "localhost.rebind.example", "0.0.0.0", "192.168.0.1", ""] {
        for line in ["GET /api/me/", "POST /api/register/", "OPTIONS /api/me/", "GET /api/docs/", "GET /elsewhere"] {
            let answer = answer(url, line, &format!("Host: {host}\r\n{origin}"), "");
            assert_refused(&answer, r#"{"detail":"This API answers only to 127.0.0.1"#, &format!("{line} {host}"));
        }
    }
    assert_refused(&answer(url, "GET /api/me/", "", ""), "127.0.0.1", "no name");
}

#[rstest]
#[case::on_the_loopback_of_ipv4("127.0.0.1", 403)]
#[case::on_another_loopback_address("127.0.0.2", 403)]
#[case::on_the_loopback_as_ipv6("::ffff:127.0.0.1", 403)]
#[case::on_every_address("0.0.0.0", 401)]
fn only_an_api_that_other_machines_can_reach_answers_to_every_name(#[case] host: &str, #[case] status: u16) {
    if cfg!(not(target_os = "linux")) && host == "127.0.0.2" {
        return; // Elsewhere loopback is one address.
    }
    let running = Running::in_memory(&tempfile::tempdir().unwrap(), &["--host", host]);
    for name in ["build-server:3000", "192.168.0.1", "api.test.example"] {
        let answer = answer(&running.url, "GET /api/me/", &format!("Host: {name}\r\n"), "");
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{name}: {answer}");
    }
}
