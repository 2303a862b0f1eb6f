//! The header `Authorization` at `/api/me/`.

use rstest::rstest;
use support::{Answer, GatewaysOwn, User, is_left_out, request};

fn get_with(authorization: impl AsRef<[u8]>) -> Answer {
    request("GET", "/api/me/").header("authorization", authorization).send()
}

#[test]
fn without_the_header_the_challenge_is_bare() {
    let answer = request("GET", "/api/me/").send();
    answer.is_detail(401, "Authentication credentials were not provided.");
    answer.is_challenged("Bearer");
}

#[rstest]
#[case::empty("")]
#[case::another_scheme("Basic YWRhOmxvdmVsYWNl")]
#[case::djangos_scheme("Token abc")]
#[case::jwt_as_scheme("JWT abc")]
#[case::a_longer_scheme("Bearer2 abc")]
#[case::a_scheme_with_a_colon("Bearer: abc")]
#[case::no_scheme("abc.def.ghi")]
fn what_is_not_bearer_counts_as_nothing(#[case] header: &str) {
    let answer = get_with(header);
    answer.is_detail(401, "Authentication credentials were not provided.");
    answer.is_challenged("Bearer");
}

#[rstest]
#[case::plain("Bearer")]
#[case::with_a_blank("Bearer ")]
#[case::in_lower_case("bearer")]
fn bearer_with_nothing_behind_it_is_told_so(#[case] header: &str) {
    let answer = get_with(header);
    answer.is_detail(401, "Invalid token header. No credentials provided.");
    answer.is_challenged("Bearer");
}

#[rstest]
#[case::two_words("Bearer abc def")]
#[case::a_tab_inside("Bearer abc\tdef")]
#[case::three_words("Bearer a b c")]
fn a_token_with_blanks_inside_is_told_so(#[case] header: &str) {
    let answer = get_with(header);
    answer.is_detail(401, "Invalid token header. Token string should not contain spaces.");
    answer.is_challenged("Bearer error=\"invalid_token\"");
}

#[rstest]
#[case::a_word(b"Bearer abc")]
#[case::three_parts(b"Bearer a.b.c")]
#[case::dots(b"Bearer ..")]
#[case::not_in_ascii("Bearer tökén".as_bytes())]
#[case::no_utf_8(b"Bearer \xff\xfe")]
#[case::an_algorithm_of_none(b"Bearer eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.eyJzdWIiOiIxIn0.")]
#[case::quotes(b"Bearer \"abc\"")]
fn any_other_token_is_invalid(#[case] header: &[u8]) {
    if !header.is_ascii() && is_left_out(GatewaysOwn::BytesInHeaders) {
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
#[case::in_lower_case("bearer ")]
#[case::in_upper_case("BEARER ")]
#[case::in_mixed_case("bEaReR ")]
#[case::behind_two_blanks("Bearer  ")]
#[case::behind_a_tab("Bearer\t")]
#[case::behind_blanks_and_tabs("Bearer \t \t")]
fn a_good_token_is_found(#[case] scheme: &str) {
    let user = User::new();
    get_with(format!("{scheme}{}", user.access)).is(200, &user.profile());
}

#[test]
fn blanks_behind_a_token_are_no_part_of_it() {
    let user = User::new();
    get_with(format!("Bearer {}  ", user.access)).is(200, &user.profile());
}

#[rstest]
fn every_method_wants_a_token(#[values("GET", "PUT", "PATCH")] method: &str) {
    let answer = request(method, "/api/me/").send();
    answer.is_detail(401, "Authentication credentials were not provided.");
}

#[test]
fn statement_12_a_token_is_read_from_the_header_alone() {
    let token = User::new().access;
    for cookie in [format!("access={token}"), format!("authorization=Bearer {token}"), format!("Bearer {token}")] {
        let answer = request("GET", &format!("/api/me/?access={token}&access_token={token}&token={token}"))
            .header("cookie", cookie)
            .send();
        answer.is_detail(401, "Authentication credentials were not provided.");
    }
}

#[test]
fn statement_12_a_token_in_the_body_is_no_authorization() {
    let token = User::new().access;
    let answer = request("PUT", "/api/me/").json(&serde_json::json!({ "access_token": token })).send();
    answer.is_detail(401, "Authentication credentials were not provided.");
}

#[test]
fn who_is_not_authenticated_learns_that_before_what_is_wrong_with_the_body() {
    let answer = request("PUT", "/api/me/").header("content-type", "text/plain").body("{").send();
    answer.is_detail(401, "Authentication credentials were not provided.");
}

#[test]
fn statement_12_a_refresh_token_is_no_access_token() {
    get_with(format!("Bearer {}", User::new().refresh)).is_detail(401, "Invalid token.");
}
