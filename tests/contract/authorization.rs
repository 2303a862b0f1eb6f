//! The `Authorization` header at `/api/me/`.

use rstest::rstest;
use support::{Answer, HandledByGateway, User, is_skipped, request};

fn get_with(authorization: impl AsRef<[u8]>) -> Answer {
    request("GET", "/api/me/").header("authorization", authorization).send()
}

#[test]
fn a_missing_header_gets_a_bare_challenge() {
    let answer = request("GET", "/api/me/").send();
    answer.is_detail(401, "Authentication credentials were not provided.");
    answer.is_challenged("Bearer");
}

#[rstest]
#[case::empty("")]
#[case::another_scheme("Basic YWRhOmxvdmVsYWNl")]
#[case::the_django_scheme("Token abc")]
#[case::the_scheme_jwt("JWT abc")]
#[case::a_longer_scheme("Bearer2 abc")]
#[case::a_scheme_with_a_colon("Bearer: abc")]
#[case::no_scheme("abc.def.ghi")]
fn other_schemes_count_as_no_credentials(#[case] header: &str) {
    let answer = get_with(header);
    answer.is_detail(401, "Authentication credentials were not provided.");
    answer.is_challenged("Bearer");
}

#[rstest]
#[case::no_space("Bearer")]
#[case::a_trailing_space("Bearer ")]
#[case::lower_case("bearer")]
fn a_bearer_scheme_without_a_token_is_refused(#[case] header: &str) {
    let answer = get_with(header);
    answer.is_detail(401, "Invalid token header. No credentials provided.");
    answer.is_challenged("Bearer");
}

#[rstest]
#[case::two_words("Bearer abc def")]
#[case::a_tab_inside("Bearer abc\tdef")]
#[case::three_words("Bearer a b c")]
fn a_token_that_contains_spaces_is_refused(#[case] header: &str) {
    let answer = get_with(header);
    answer.is_detail(401, "Invalid token header. Token string should not contain spaces.");
    answer.is_challenged("Bearer error=\"invalid_token\"");
}

#[rstest]
#[case::a_word(b"Bearer abc")]
#[case::three_parts(b"Bearer a.b.c")]
#[case::dots(b"Bearer ..")]
#[case::non_ascii_characters("Bearer tökén".as_bytes())]
#[case::non_utf_8_bytes(b"Bearer \xff\xfe")]
#[case::the_algorithm_none(b"Bearer eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.eyJzdWIiOiIxIn0.")]
#[case::quotes(b"Bearer \"abc\"")]
fn any_other_token_is_invalid(#[case] header: &[u8]) {
    if !header.is_ascii() && is_skipped(HandledByGateway::NonAsciiHeader) {
        return;
    }
    let answer = get_with(header);
    answer.is_detail(401, "Invalid token.");
    answer.is_challenged("Bearer error=\"invalid_token\"");
}

#[test]
fn a_token_of_8_kib_is_invalid() {
    get_with(format!("Bearer {}", "A".repeat(8_000))).is_detail(401, "Invalid token.");
}

#[rstest]
#[case::lower_case("bearer ")]
#[case::upper_case("BEARER ")]
#[case::mixed_case("bEaReR ")]
#[case::two_spaces("Bearer  ")]
#[case::a_tab("Bearer\t")]
#[case::spaces_and_tabs("Bearer \t \t")]
fn a_valid_token_is_accepted(#[case] scheme: &str) {
    let user = User::new();
    get_with(format!("{scheme}{}", user.access)).is(200, &user.profile());
}

#[test]
fn trailing_spaces_are_not_part_of_the_token() {
    let user = User::new();
    get_with(format!("Bearer {}  ", user.access)).is(200, &user.profile());
}

#[rstest]
fn every_method_requires_a_token(#[values("GET", "PUT", "PATCH")] method: &str) {
    let answer = request(method, "/api/me/").send();
    answer.is_detail(401, "Authentication credentials were not provided.");
}

#[test]
fn statement_12_a_token_in_the_query_or_a_cookie_is_ignored() {
    let token = User::new().access;
    for cookie in [format!("access={token}"), format!("authorization=Bearer {token}"), format!("Bearer {token}")] {
        let answer = request("GET", &format!("/api/me/?access={token}&access_token={token}&token={token}"))
            .header("cookie", cookie)
            .send();
        answer.is_detail(401, "Authentication credentials were not provided.");
    }
}

#[test]
fn statement_12_a_token_in_the_body_is_ignored() {
    let token = User::new().access;
    let answer = request("PUT", "/api/me/").json(&serde_json::json!({ "access_token": token })).send();
    answer.is_detail(401, "Authentication credentials were not provided.");
}

#[test]
fn authentication_is_checked_before_the_body() {
    let answer = request("PUT", "/api/me/").header("content-type", "text/plain").body("{").send();
    answer.is_detail(401, "Authentication credentials were not provided.");
}

#[test]
fn statement_12_a_refresh_token_is_refused_as_an_access_token() {
    get_with(format!("Bearer {}", User::new().refresh)).is_detail(401, "Invalid token.");
}
