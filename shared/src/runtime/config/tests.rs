use std::collections::HashMap;

use rstest::rstest;

use super::*;

fn read(changes: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let mut variables = HashMap::from([
        ("SECRET_KEY", "0123456789abcdef0123456789abcdef"),
        ("API_URL", "https://auth.example"),
        ("TOKEN_AUDIENCE", "shop"),
        ("USERS_TABLE", "users"),
        ("REFRESH_TOKENS_TABLE", "tokens"),
        ("SETTINGS_TABLE", "settings"),
        ("LOG_SOURCE_KEY", "of this stack"),
    ]);
    variables.extend(changes.iter().copied());
    Config::from_variables(|name| variables.get(name).map(ToString::to_string))
}

#[test]
fn a_complete_environment_is_read() {
    let config = read(&[("LOG_LEVEL", "debug")]).unwrap();
    assert_eq!((config.token_audience.as_str(), config.log_level), ("shop", LevelFilter::DEBUG));
}

#[rstest]
#[case::the_api_s_url("API_URL")]
#[case::the_audience("TOKEN_AUDIENCE")]
#[case::the_table_of_users("USERS_TABLE")]
#[case::the_table_of_tokens("REFRESH_TOKENS_TABLE")]
#[case::the_table_of_settings("SETTINGS_TABLE")]
#[case::the_key_that_hides_sources("LOG_SOURCE_KEY")]
fn a_variable_that_is_missing_is_named(#[case] name: &str) {
    let message = read(&[(name, "")]).unwrap_err().to_string();
    assert!(message.starts_with(&format!("{name} is not set: set it to ")), "{message}");
}

#[rstest]
#[case::a_domain("https://auth.example", "https://auth.example")]
#[case::a_slash_at_its_end("https://auth.example/", "https://auth.example")]
#[case::a_base_path("https://example.com/v1/auth", "https://example.com/v1/auth")]
#[case::a_place_for_the_api_s_id(
    "https://{api}.execute-api.eu-west-1.amazonaws.com",
    "https://id.execute-api.eu-west-1.amazonaws.com"
)]
#[case::this_machine("http://127.0.0.1:3000", "http://127.0.0.1:3000")]
#[case::this_machine_by_name("http://localhost:9000/", "http://localhost:9000")]
fn the_api_has_a_url(#[case] url: &str, #[case] expected: &str) {
    let config = read(&[("API_URL", url)]).unwrap();
    assert_eq!(config.api_url.with_id("id"), expected);
    assert_eq!(config.api_url.fixed(), (!url.contains("{api}")).then_some(expected));
    assert_eq!(config.token_issuer, None);
}

#[rstest]
#[case::without_tls("http://auth.example")]
#[case::without_tls_for_the_api_s_id("http://{api}.example.com")]
#[case::with_a_query("https://auth.example/?a=b")]
#[case::without_a_host("https://")]
#[case::without_a_scheme("auth.example")]
#[case::no_url("the API")]
fn a_url_that_verifiers_cannot_trust_is_refused(#[case] url: &str) {
    let message = read(&[("API_URL", url)]).unwrap_err().to_string();
    assert_eq!(message, format!("invalid API_URL: expected {API_URL_HINT}"));
}

#[rstest]
#[case::unset("", AuthorizerChecks::User)]
#[case::user("user", AuthorizerChecks::User)]
#[case::token("token", AuthorizerChecks::Token)]
fn the_authorizer_looks_at_the_user_too_unless_told_otherwise(#[case] value: &str, #[case] expected: AuthorizerChecks) {
    assert_eq!(read(&[("AUTHORIZER_CHECKS", value)]).unwrap().authorizer_checks, expected);
}

#[test]
fn without_a_secret_both_ways_to_give_one_are_named() {
    let message = read(&[("SECRET_KEY", "")]).unwrap_err().to_string();
    assert!(message.starts_with("SECRET_ID is not set: ") && message.contains("SECRET_KEY"), "{message}");
}

#[test]
fn a_local_secret_goes_before_one_in_secrets_manager() {
    assert!(matches!(read(&[("SECRET_ID", "id")]).unwrap().secret, Secret::Key(_)));
    let config = read(&[("SECRET_KEY", ""), ("SECRET_ID", "id")]).unwrap();
    assert!(matches!(config.secret, Secret::Id(id) if id == "id"));
}

#[rstest]
#[case::a_secret_of_31_bytes("SECRET_KEY", "0123456789abcdef0123456789abcde")]
#[case::a_secret_of_one_byte_again_and_again("SECRET_KEY", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
#[case::a_secret_of_one_word_again_and_again("SECRET_KEY", "password password password password")]
#[case::a_secret_of_nine_digits("SECRET_KEY", "123456789123456789123456789123456789")]
#[case::a_secret_that_the_repository_has("SECRET_KEY", "for local runs alone: everybody knows this key")]
#[case::another_that_the_repository_has("SECRET_KEY", "for-local-runs-alone-everybody-knows-this-key")]
#[case::a_level_that_does_not_exist("LOG_LEVEL", "loud")]
#[case::a_way_to_show_sources_that_does_not_exist("LOG_SOURCE_ADDRESSES", "masked")]
#[case::roots_that_do_not_exist("TRUSTED_ROOTS", "mozilla")]
#[case::checks_that_do_not_exist("AUTHORIZER_CHECKS", "none")]
#[case::roots_in_capitals("TRUSTED_ROOTS", "SYSTEM")]
#[case::a_proxys_secret_of_31_characters("PROXY_SECRET", "0123456789abcdef0123456789abcde")]
#[case::a_third_secret_of_a_proxy(
    "PROXY_SECRET",
    "0123456789abcdef0123456789abcdef,1123456789abcdef0123456789abcdef,2123456789abcdef0123456789abcdef"
)]
#[case::a_proxys_header_in_capitals("PROXY_ADDRESS_HEADER", "X-Real-IP")]
fn a_variable_that_is_wrong_is_named_and_not_shown(#[case] name: &str, #[case] value: &str) {
    let message = read(&[(name, value)]).unwrap_err().to_string();
    assert!(message.starts_with(&format!("invalid {name}: expected ")), "{message}");
    assert!(!message.contains(value), "{message}");
}

#[rstest]
#[case::of_48_bytes_in_base64("qW2rT0c9mV5s1XhJ7uPzN4kLbY8eGdFa3oIxRtUvQjEnC6ZwHpSyKlMgBfDiAO+/")]
#[case::of_16_bytes_in_hexadecimal_digits("9f86d081884c7d659a2feaa0c55ad015")]
fn a_random_secret_is_taken(#[case] key: &str) {
    assert!(matches!(read(&[("SECRET_KEY", key)]).unwrap().secret, Secret::Key(_)));
}

#[rstest]
#[case::on_this_machine("http://127.0.0.1:8000", true)]
#[case::by_name("http://localhost:8000/", true)]
#[case::by_its_ipv6_address("http://[::1]:8000", true)]
#[case::on_the_host_of_a_container("http://host.docker.internal:8000", true)]
#[case::in_a_container("http://dynamodb:8000", true)]
#[case::at_aws_by_its_other_name("https://dynamodb.eu-central-1.api.aws", false)]
#[case::behind_a_user_that_looks_like_it("http://localhost:8000@dynamodb.example.com", false)]
#[case::at_aws("https://dynamodb.eu-central-1.amazonaws.com", false)]
fn a_secret_of_the_repository_is_for_a_local_dynamodb(#[case] endpoint: &str, #[case] taken: bool) {
    for key in KNOWN_KEYS {
        let config = read(&[("SECRET_KEY", key), ("AWS_ENDPOINT_URL_DYNAMODB", endpoint)]);
        assert_eq!(config.is_ok(), taken);
    }
}

#[test]
fn on_lambda_one_secret_must_not_hide_the_other() {
    let both = [("SECRET_ID", "id"), ("AWS_LAMBDA_FUNCTION_NAME", "login")];
    let message = read(&both).unwrap_err().to_string();
    assert!(message.starts_with("invalid SECRET_KEY: ") && message.contains("SECRET_ID"), "{message}");
    assert!(read(&[both[0], both[1], ("AWS_SAM_LOCAL", "true")]).is_ok());
    assert!(read(&[both[1]]).is_ok());
}

#[test]
fn sources_are_hashed_unless_they_are_to_be_plain() {
    assert!(matches!(read(&[]).unwrap().log_sources, LogSources::Hashed(_)));
    let plain = read(&[("LOG_SOURCE_ADDRESSES", "plain"), ("LOG_SOURCE_KEY", "")]);
    assert!(matches!(plain.unwrap().log_sources, LogSources::Plain));
}

#[rstest]
#[case::unset(&[], TrustedRoots::Amazon)]
#[case::empty(&[("TRUSTED_ROOTS", "")], TrustedRoots::Amazon)]
#[case::amazon(&[("TRUSTED_ROOTS", "amazon")], TrustedRoots::Amazon)]
#[case::system(&[("TRUSTED_ROOTS", "system")], TrustedRoots::System)]
fn amazons_roots_are_trusted_unless_the_systems_are_to_be(
    #[case] changes: &[(&str, &str)],
    #[case] expected: TrustedRoots,
) {
    assert_eq!(read(changes).unwrap().trusted_roots, expected);
}

#[rstest]
#[case::of_have_i_been_pwned("https://api.pwnedpasswords.com/range/", "https://api.pwnedpasswords.com/range/")]
#[case::without_a_slash("https://list.example:8443/v1/range", "https://list.example:8443/v1/range/")]
#[case::without_a_path("https://list.example", "https://list.example/")]
#[case::of_this_machine("http://127.0.0.1:8080/range/", "http://127.0.0.1:8080/range/")]
#[case::of_this_machine_in_ipv6("http://[::1]:8080/", "http://[::1]:8080/")]
#[case::of_this_machine_by_name("http://localhost:8080/", "http://localhost:8080/")]
fn a_list_of_breached_passwords_has_a_url(#[case] url: &str, #[case] expected: &str) {
    let config = read(&[("BREACHED_PASSWORDS_URL", url)]).unwrap();
    assert_eq!(config.breached_passwords_url.as_deref(), Some(expected));
}

#[rstest]
#[case::without_tls("http://api.pwnedpasswords.com/range/")]
#[case::without_tls_at_a_like_name("http://127.0.0.1.example/range/")]
#[case::without_tls_behind_a_name("http://localhost@list.example/range/")]
#[case::of_another_scheme("ftp://127.0.0.1/range/")]
#[case::with_a_query("https://list.example/range?prefix=")]
#[case::without_a_host("https:///range/")]
#[case::without_a_scheme("api.pwnedpasswords.com/range/")]
#[case::only_a_path("/range/")]
#[case::no_url("on")]
fn a_list_of_breached_passwords_is_asked_in_secret_or_not_at_all(#[case] url: &str) {
    let expected = ConfigError::Wrong { name: "BREACHED_PASSWORDS_URL", hint: LIST_HINT };
    assert_eq!(read(&[("BREACHED_PASSWORDS_URL", url)]).unwrap_err(), expected);
}

#[test]
fn without_more_there_are_no_words_of_the_service_and_no_list() {
    let config = read(&[("SERVICE_WORDS", ""), ("BREACHED_PASSWORDS_URL", "")]).unwrap();
    assert_eq!((config.service_words.as_str(), config.breached_passwords_url), ("", None));
    assert_eq!(read(&[("SERVICE_WORDS", "acme, coats")]).unwrap().service_words, "acme, coats");
}

#[test]
fn a_proxy_is_believed_where_it_has_a_secret_and_no_header_that_clients_begin() {
    let secret = ("PROXY_SECRET", "fedcba9876543210fedcba9876543210");
    assert!(read(&[]).unwrap().proxy.is_none());
    assert!(read(&[("PROXY_SECRET", ""), ("PROXY_ADDRESS_HEADER", "x-real-ip")]).unwrap().proxy.is_none());
    let proxy = |changes: &[_]| format!("{:?}", read(changes).unwrap().proxy.unwrap());
    assert!(proxy(&[secret]).contains("cloudfront-viewer-address"));
    assert!(proxy(&[secret, ("PROXY_ADDRESS_HEADER", "")]).contains("cloudfront-viewer-address"));
    assert!(proxy(&[secret, ("PROXY_ADDRESS_HEADER", "x-real-ip")]).contains("x-real-ip"));
    let message = read(&[secret, ("PROXY_ADDRESS_HEADER", "x-forwarded-for")]).unwrap_err().to_string();
    assert!(message.starts_with("invalid PROXY_ADDRESS_HEADER: ") && message.contains("x-real-ip"), "{message}");
}

#[test]
fn no_secret_can_be_printed() {
    let proxy = ("PROXY_SECRET", "fedcba9876543210fedcba9876543210,0fedcba9876543210fedcba987654321");
    let config = format!("{:?}", read(&[proxy]).unwrap());
    assert!(!config.contains("0123456789") && !config.contains("fedcba98"), "{config}");
}
