//! Bodies that are no JSON objects, or not said to be, or too long.

use rstest::rstest;
use serde_json::json;
use support::{Answer, GatewaysOwn, PASSWORD, User, is_left_out, public_posts, request};

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
#[case::a_blank(b" ".as_slice())]
#[case::an_open_object(b"{".as_slice())]
#[case::a_comma_too_many(b"{\"a\":1,}".as_slice())]
#[case::single_quotes(b"{'a':1}".as_slice())]
#[case::two_objects(b"{}{}".as_slice())]
#[case::something_behind(b"{} x".as_slice())]
#[case::a_comment(b"{} // x".as_slice())]
#[case::nan(b"{\"a\":NaN}".as_slice())]
#[case::infinity(b"{\"a\":Infinity}".as_slice())]
#[case::minus_infinity(b"{\"a\":-Infinity}".as_slice())]
#[case::a_byte_order_mark(b"\xef\xbb\xbf{}".as_slice())]
#[case::bad_utf_8(b"{\"email\":\"\xff\"}".as_slice())]
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
fn statement_20_what_is_not_json_is_a_parse_error(#[case] body: &[u8]) {
    if str::from_utf8(body).is_err() && is_left_out(GatewaysOwn::NoText) {
        return;
    }
    assert_parse_error(&post_bytes("/api/login/", body));
}

#[test]
fn every_endpoint_that_reads_a_body_refuses_what_is_not_json() {
    for path in public_posts() {
        assert_parse_error(&post_bytes(&path, "{"));
    }
}

#[rstest]
fn a_change_of_the_profile_refuses_what_is_not_json(#[values("PUT", "PATCH")] method: &str) {
    let user = User::new();
    let request = request(method, "/api/me/").bearer(&user.access).header("content-type", "application/json");
    assert_parse_error(&request.body("{").send());
}

#[rstest]
#[case::of_lists("[", "]")]
#[case::of_objects("{\"a\":", "}")]
fn json_nested_in_8_000_levels_is_a_parse_error(#[case] open: &str, #[case] close: &str) {
    let levels = 16_000 / (open.len() + close.len()) - 2;
    assert_parse_error(&post_bytes("/api/login/", format!("{}1{}", open.repeat(levels), close.repeat(levels))));
}

#[test]
fn statement_20_json_nested_in_100_000_levels_is_too_large() {
    let nested = "[".repeat(100_000) + &"]".repeat(100_000);
    post_bytes("/api/login/", nested).is_detail(413, "Request body too large.");
}

#[test]
fn json_nested_in_127_levels_is_read_and_in_128_is_not() {
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
fn json_that_is_no_object_is_told_what_it_is(#[case] body: &str, #[case] kind: &str) {
    let expected = format!(r#"{{"non_field_errors":["Invalid data. Expected a dictionary, but got {kind}."]}}"#);
    post_bytes("/api/login/", body).is(400, &expected);
}

#[test]
fn null_is_no_data() {
    for path in public_posts() {
        post_bytes(&path, " null ").is(400, r#"{"non_field_errors":["No data provided"]}"#);
    }
}

#[test]
fn null_is_no_data_at_me_either() {
    let user = User::new();
    user.put(&json!(null)).is(400, r#"{"non_field_errors":["No data provided"]}"#);
}

#[rstest]
#[case::none(None, "")]
#[case::text(Some("text/plain"), "text/plain")]
#[case::a_form(Some("application/x-www-form-urlencoded"), "application/x-www-form-urlencoded")]
#[case::a_multipart_form(Some("multipart/form-data; boundary=x"), "multipart/form-data; boundary=x")]
#[case::a_suffix(Some("application/vnd.api+json"), "application/vnd.api+json")]
#[case::nothing_of_the_kind(Some("json"), "json")]
#[case::anything(Some("*/*"), "*/*")]
fn another_media_type_is_refused_and_named(#[case] content_type: Option<&str>, #[case] named: &str) {
    if content_type.is_none() && is_left_out(GatewaysOwn::NoType) {
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
#[case::blanks_around_the_semicolon("application/json ; v=1")]
#[case::with_a_charset("application/json; charset=utf-8")]
#[case::with_a_charset_in_capitals("application/json;charset=UTF-8")]
#[case::in_capitals("APPLICATION/JSON")]
fn json_is_taken(#[case] content_type: &str) {
    let answer =
        request("POST", "/api/refresh/").header("content-type", content_type).body(r#"{"refresh":"x"}"#).send();
    assert_eq!(answer.status, 401);
}

#[rstest]
#[case::text("text/plain")]
#[case::a_form("application/x-www-form-urlencoded")]
fn an_empty_body_is_an_empty_object_whatever_its_type(#[case] content_type: &str) {
    let answer = request("POST", "/api/refresh/").header("content-type", content_type).send();
    answer.is_field("refresh", &["This field is required."]);
}

#[test]
fn a_change_of_the_profile_refuses_other_media_types() {
    if is_left_out(GatewaysOwn::NoType) {
        return;
    }
    let user = User::new();
    let answer = request("PUT", "/api/me/").bearer(&user.access).body("username=ada").send();
    answer.is_detail(415, "Unsupported media type \"\" in request.");
}

#[test]
fn a_body_of_16_kib_is_read_and_of_one_byte_more_is_not() {
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
fn a_body_of_1_mib_that_is_no_text_is_refused() {
    if is_left_out(GatewaysOwn::NoText) {
        return;
    }
    post_bytes("/api/login/", vec![0xff; 1024 * 1024]).is_detail(413, "Request body too large.");
}

#[test]
fn a_change_of_the_profile_of_1_mib_is_refused() {
    let user = User::new();
    user.put(&json!({ "username": "x".repeat(1024 * 1024) })).is_detail(413, "Request body too large.");
}

#[test]
fn escapes_and_surrogate_pairs_are_read() {
    let user = User::new();
    let body = format!(r#"{{"\u0065mail":"{}","password":"{}"}}"#, user.email, PASSWORD.replace('c', "\\u0063"));
    assert_eq!(post_bytes("/api/login/", body).status, 200);
    assert_eq!(post_bytes("/api/refresh/", r#"{"refresh":"\ud83d\ude00"}"#).status, 401);
}
