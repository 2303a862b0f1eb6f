//! Bodies that are not JSON objects, have the wrong media type, or are too large.

use rstest::rstest;
use serde_json::json;
use support::{Answer, HandledByGateway, PASSWORD, User, is_skipped, public_posts, request};

pub(crate) fn post_bytes(path: &str, body: impl Into<Vec<u8>>) -> Answer {
    request("POST", path).header("content-type", "application/json").body(body).send()
}

#[track_caller]
fn assert_parse_error(answer: &Answer) {
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(answer.text("detail").starts_with("JSON parse error - "), "{answer:?}");
}

#[rstest]
#[case::a_word(b"nonsense".as_slice())]
#[case::a_space(b" ".as_slice())]
#[case::an_unclosed_object(b"{".as_slice())]
#[case::a_trailing_comma(b"{\"a\":1,}".as_slice())]
#[case::single_quotes(b"{'a':1}".as_slice())]
#[case::two_objects(b"{}{}".as_slice())]
#[case::trailing_text(b"{} x".as_slice())]
#[case::a_comment(b"{} // x".as_slice())]
#[case::nan(b"{\"a\":NaN}".as_slice())]
#[case::infinity(b"{\"a\":Infinity}".as_slice())]
#[case::minus_infinity(b"{\"a\":-Infinity}".as_slice())]
#[case::a_byte_order_mark(b"\xef\xbb\xbf{}".as_slice())]
#[case::invalid_utf_8(b"{\"email\":\"\xff\"}".as_slice())]
#[case::overlong_utf_8(b"{\"email\":\"\xc0\x80\"}".as_slice())]
#[case::utf_16(b"\xff\xfe{\x00}\x00".as_slice())]
#[case::a_lone_leading_surrogate(br#"{"email":"\ud800"}"#.as_slice())]
#[case::a_lone_trailing_surrogate(br#"{"email":"\udc00"}"#.as_slice())]
#[case::a_lone_surrogate_in_a_key(br#"{"\ud800":1}"#.as_slice())]
#[case::a_number_out_of_range(b"{\"a\":1e999}".as_slice())]
#[case::a_number_with_a_leading_zero(b"{\"a\":01}".as_slice())]
#[case::a_control_character(b"{\"a\":\"\x01\"}".as_slice())]
#[case::a_bare_nul(b"{\"a\":\0}".as_slice())]
#[case::a_form(b"email=ada%40example.com".as_slice())]
fn statement_20_malformed_json_is_a_parse_error(#[case] body: &[u8]) {
    if str::from_utf8(body).is_err() && is_skipped(HandledByGateway::NonUtf8Body) {
        return;
    }
    assert_parse_error(&post_bytes("/api/login/", body));
}

#[test]
fn every_public_endpoint_refuses_malformed_json() {
    for path in public_posts() {
        assert_parse_error(&post_bytes(&path, "{"));
    }
}

#[rstest]
fn a_profile_update_refuses_malformed_json(#[values("PUT", "PATCH")] method: &str) {
    let user = User::new();
    let request = request(method, "/api/me/").bearer(&user.access).header("content-type", "application/json");
    assert_parse_error(&request.body("{").send());
}

#[rstest]
#[case::lists("[", "]")]
#[case::objects("{\"a\":", "}")]
fn json_nested_thousands_of_levels_deep_is_a_parse_error(#[case] open: &str, #[case] close: &str) {
    let levels = 16_000 / (open.len() + close.len()) - 2;
    assert_parse_error(&post_bytes("/api/login/", format!("{}1{}", open.repeat(levels), close.repeat(levels))));
}

#[test]
fn statement_20_json_nested_100_000_levels_deep_is_too_large() {
    let nested = "[".repeat(100_000) + &"]".repeat(100_000);
    post_bytes("/api/login/", nested).is_detail(413, "Request body too large.");
}

#[test]
fn json_is_read_up_to_127_levels_deep() {
    let nested =
        |levels: usize| format!(r#"{{"refresh":"x","more":{}{}}}"#, "[".repeat(levels - 1), "]".repeat(levels - 1));
    assert_eq!(post_bytes("/api/refresh/", nested(127)).status, 401);
    assert_parse_error(&post_bytes("/api/refresh/", nested(128)));
}

#[rstest]
#[case::a_list("[]", "list")]
#[case::a_list_of_objects("[{}]", "list")]
#[case::a_string("\"email\"", "str")]
#[case::an_empty_string("\"\"", "str")]
#[case::zero("0", "int")]
#[case::a_negative_integer("-5", "int")]
#[case::an_integer_of_30_digits("100000000000000000000000000000", "int")]
#[case::a_float("1.5", "float")]
#[case::a_float_without_a_fraction("1.0", "float")]
#[case::an_exponent("1E3", "float")]
#[case::true_("true", "bool")]
#[case::false_("false", "bool")]
fn json_of_another_type_is_refused_and_the_type_is_named(#[case] body: &str, #[case] kind: &str) {
    let expected = format!(r#"{{"non_field_errors":["Invalid data. Expected a dictionary, but got {kind}."]}}"#);
    post_bytes("/api/login/", body).is(400, &expected);
}

#[test]
fn null_counts_as_no_data() {
    for path in public_posts() {
        post_bytes(&path, " null ").is(400, r#"{"non_field_errors":["No data provided"]}"#);
    }
}

#[test]
fn null_counts_as_no_data_in_a_profile_update() {
    let user = User::new();
    user.put(&json!(null)).is(400, r#"{"non_field_errors":["No data provided"]}"#);
}

#[rstest]
#[case::none(None, "")]
#[case::text(Some("text/plain"), "text/plain")]
#[case::a_form(Some("application/x-www-form-urlencoded"), "application/x-www-form-urlencoded")]
#[case::a_multipart_form(Some("multipart/form-data; boundary=x"), "multipart/form-data; boundary=x")]
#[case::a_suffix(Some("application/vnd.api+json"), "application/vnd.api+json")]
#[case::no_media_type(Some("json"), "json")]
#[case::a_wildcard(Some("*/*"), "*/*")]
fn another_media_type_is_refused_and_named(#[case] content_type: Option<&str>, #[case] named: &str) {
    if content_type.is_none() && is_skipped(HandledByGateway::NoContentType) {
        return;
    }
    let mut request = request("POST", "/api/login/").body("{}");
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    request.send().is_detail(415, &format!("Unsupported media type \"{named}\" in request."));
}

#[rstest]
#[case::plain("application/json")]
#[case::another_charset("application/json; charset=iso-8859-1")]
#[case::spaces_around_the_semicolon("application/json ; v=1")]
#[case::a_charset("application/json; charset=utf-8")]
#[case::a_charset_in_capitals("application/json;charset=UTF-8")]
#[case::capitals("APPLICATION/JSON")]
fn variants_of_the_json_media_type_are_accepted(#[case] content_type: &str) {
    let answer =
        request("POST", "/api/refresh/").header("content-type", content_type).body(r#"{"refresh":"x"}"#).send();
    assert_eq!(answer.status, 401);
}

#[rstest]
#[case::text("text/plain")]
#[case::a_form("application/x-www-form-urlencoded")]
fn an_empty_body_of_any_type_counts_as_an_empty_object(#[case] content_type: &str) {
    let answer = request("POST", "/api/refresh/").header("content-type", content_type).send();
    answer.is_field("refresh", &["This field is required."]);
}

#[test]
fn a_profile_update_refuses_other_media_types() {
    if is_skipped(HandledByGateway::NoContentType) {
        return;
    }
    let user = User::new();
    let answer = request("PUT", "/api/me/").bearer(&user.access).body("username=ada").send();
    answer.is_detail(415, "Unsupported media type \"\" in request.");
}

#[test]
fn a_body_may_have_at_most_16_kib() {
    let padded = |length: usize| {
        let body = r#"{"refresh":"x"}"#;
        " ".repeat(length - body.len()) + body
    };
    assert_eq!(post_bytes("/api/refresh/", padded(16_384)).status, 401);
    post_bytes("/api/refresh/", padded(16_385)).is_detail(413, "Request body too large.");
}

#[test]
fn statement_20_a_body_of_1_mib_is_refused_everywhere() {
    for path in public_posts() {
        post_bytes(&path, vec![b'x'; 1024 * 1024]).is_detail(413, "Request body too large.");
    }
}

#[test]
fn a_binary_body_of_1_mib_is_refused() {
    if is_skipped(HandledByGateway::NonUtf8Body) {
        return;
    }
    post_bytes("/api/login/", vec![0xff; 1024 * 1024]).is_detail(413, "Request body too large.");
}

#[test]
fn a_profile_update_of_1_mib_is_refused() {
    let user = User::new();
    user.put(&json!({ "username": "x".repeat(1024 * 1024) })).is_detail(413, "Request body too large.");
}

#[test]
fn escapes_and_surrogate_pairs_are_decoded() {
    let user = User::new();
    let body = format!(r#"{{"\u0065mail":"{}","password":"{}"}}"#, user.email, PASSWORD.replace('c', "\\u0063"));
    assert_eq!(post_bytes("/api/login/", body).status, 200);
    assert_eq!(post_bytes("/api/refresh/", r#"{"refresh":"\ud83d\ude00"}"#).status, 401);
}
