//! Statement 20: bodies designed to break a parser, sent to every endpoint. Every response conforms to the contract, and
//! the service keeps answering.

use support::{HandledByGateway, User, is_skipped, operations, request};

/// Sends a body to every endpoint that reads one, and asserts that none returns a server error. Each response is also
/// checked against the contract.
fn send_everywhere(user: &User, body: &[u8]) {
    for operation in operations().filter(|operation| operation.takes_body) {
        let request =
            request(&operation.method, &format!("{}/", operation.path)).header("content-type", "application/json");
        let request = if operation.needs_token { request.bearer(&user.access) } else { request };
        let answer = request.body(body).send();
        // A profile update ignores unknown fields, so it may succeed.
        let least = if operation.needs_token { 200 } else { 400 };
        assert!((least..500).contains(&answer.status), "{answer:?} for {:?}", String::from_utf8_lossy(body));
    }
}

#[test]
fn statement_20_hostile_values_never_cause_a_server_error() {
    let user = User::new();
    let nested = |open: &str, close: &str, levels: usize| open.repeat(levels) + "1" + &close.repeat(levels);
    let values = [
        // Numbers out of range.
        "1e308".into(),
        "1e309".into(),
        "-1e-400".into(),
        "-0".into(),
        "9".repeat(4_000),
        format!("0.{}", "1".repeat(4_000)),
        "18446744073709551616".into(),
        // NULs, lone surrogates, right-to-left overrides, and text that grows when normalised.
        r#""\u0000""#.into(),
        r#""a\u0000@example.com""#.into(),
        r#""\ud800""#.into(),
        r#""\udfff\ud800""#.into(),
        r#""\ud83d\ude00@example.com""#.into(),
        "\"\u{202e}moc.elpmaxe@ada\"".into(),
        "\"\u{feff}\u{200b}\u{2028}\"".into(),
        "\"\u{fdfa}\u{fdfa}\u{fdfa}\"".into(),
        "\"\\uffff\\ufffe\"".into(),
        format!("\"{}\"", "e\u{301}".repeat(1_000)),
        format!("\"{}\"", "\u{1d160}".repeat(900)),
        format!("\"{}@example.com\"", "a.".repeat(1_500)),
        format!("\"a@{}\"", "a.".repeat(1_800)),
        format!("\"a@{}com\"", "-".repeat(3_000)),
        format!("\"psr_{}\"", "A".repeat(3_900)),
        // Injections for other systems.
        r#""' OR '1'='1""#.into(),
        r#"{"$ne": null}"#.into(),
        r#"{"S": "ada@example.com"}"#.into(),
        r#"{"__proto__": {"admin": true}}"#.into(),
        r#""${jndi:ldap://127.0.0.1/a}""#.into(),
        r#""{{7*7}}\r\nSet-Cookie: a=b""#.into(),
        // Deep nesting.
        nested("[", "]", 120),
        nested("[", "]", 1_900),
        nested("{\"a\":", "}", 120),
    ];
    for value in values {
        let fields = ["username", "email", "password", "refresh"].map(|name| format!("\"{name}\":{value}"));
        send_everywhere(&user, format!("{{{}}}", fields.join(",")).as_bytes());
    }
    user.get().is(200, &user.profile());
}

#[test]
fn statement_20_hostile_bodies_never_cause_a_server_error() {
    let user = User::new();
    let bodies = [
        "{".repeat(16_000),
        "[".repeat(16_000),
        "\"".to_owned() + &"\\".repeat(16_000),
        "\"".to_owned() + &"\\u0000".repeat(2_700) + "\"",
        format!("{{{}}}", vec!["\"email\":1"; 1_600].join(",")),
        format!("{{{}\"z\":1}}", (0..1_500).map(|key| format!("\"{key}\":1,")).collect::<String>()),
        "{\"email\":\"a@b.co\",\"email\":null,\"password\":\"x\",\"password\":[],\"refresh\":\"x\",\"refresh\":{}}"
            .into(),
        "{\"\":\"\",\"\\u0000\":\"\\u0000\"}".into(),
        "\u{feff}{}".into(),
        "{}\0".into(),
        "\0".repeat(1_000),
        "9".repeat(16_000),
        "-".into(),
        "tru".into(),
        "/*x*/{}".into(),
        "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>".into(),
        "a=b&c=d".into(),
        "x".repeat(1024 * 1024),
    ];
    for body in bodies {
        send_everywhere(&user, body.as_bytes());
    }
    user.get().is(200, &user.profile());
}

#[test]
fn statement_20_invalid_utf_8_never_causes_a_server_error() {
    if is_skipped(HandledByGateway::NonUtf8Body) {
        return;
    }
    let user = User::new();
    let long: Vec<_> = (0..=255).cycle().take(16_000).collect();
    let bodies: [&[u8]; 6] = [
        b"\xff\xfe{\x00}\x00",
        b"{\"email\":\"\xc0\x80\"}",
        b"{\"email\":\"\xed\xa0\x80\"}",
        b"{\"refresh\":\"psr_\xf5\x80\x80\x80\"}",
        b"{\"\x80\":1}",
        &long,
    ];
    for body in bodies {
        send_everywhere(&user, body);
    }
    user.get().is(200, &user.profile());
}
