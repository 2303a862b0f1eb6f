use aws_sdk_dynamodb::types::AttributeValue;
use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::settings::{Kind, Limit, SigningAlgorithm};

fn number(text: &str) -> AttributeValue {
    AttributeValue::N(text.into())
}

fn read(name: &str, value: AttributeValue) -> Settings {
    let mut item = SettingsItem::new(&Settings::default());
    item.0.insert(name.into(), value);
    item.read(&before()).0
}

/// Settings of which each is another than by default.
fn before() -> Settings {
    let other = |setting: &Definition| match (setting.name(), setting.default()) {
        ("ACCESS_TOKEN_LIFETIME", _) => Value::Number(77),
        ("REFRESH_TOKEN_LIFETIME", _) => Value::Number(7),
        ("REFRESH_TOKEN_GRACE", _) => Value::Number(17),
        ("LOGIN_MAX_FAILURES_PER_SOURCE", _) => Value::Number(1),
        (_, Value::Number(number)) => Value::Number(number + 1),
        (_, Value::Flag(flag)) => Value::Flag(!flag),
        (_, Value::Choice(word)) => match setting.kind() {
            Kind::Choice(words) => Value::Choice(words.iter().find(|other| **other != word).unwrap()),
            other => panic!("{other:?}"),
        },
    };
    let (settings, problems) = Settings::read(|setting| Stored::Valid(other(setting)), &Settings::default());
    assert!(settings.values().all(|(setting, value)| value != setting.default() && setting.takes(value)));
    assert_eq!(problems, []);
    settings
}

#[rstest]
#[case::the_least("1", 1)]
#[case::the_most("86400", 86_400)]
#[case::one_too_few("0", 77)]
#[case::one_too_many("86401", 77)]
#[case::negative("-1", 77)]
#[case::a_fraction("300.5", 77)]
#[case::more_than_64_bits("100000000000000000000", 77)]
fn the_lifetime_of_access_tokens_is_a_whole_number_of_seconds(#[case] text: &str, #[case] expected: u64) {
    assert_eq!(read("ACCESS_TOKEN_LIFETIME", number(text)).access_token_seconds(), expected);
}

#[rstest]
#[case::the_least("1", 1)]
#[case::the_most("3650", 3_650)]
#[case::one_too_few("0", 7)]
#[case::one_too_many("3651", 7)]
fn the_lifetime_of_refresh_tokens_is_a_whole_number_of_days(#[case] text: &str, #[case] days: u64) {
    assert_eq!(read("REFRESH_TOKEN_LIFETIME", number(text)).refresh_token_seconds(), days * 86_400);
}

#[rstest]
#[case::es256(AttributeValue::S("ES256".into()), SigningAlgorithm::Es256)]
#[case::hs256(AttributeValue::S("HS256".into()), SigningAlgorithm::Hs256)]
#[case::another_algorithm(AttributeValue::S("none".into()), SigningAlgorithm::Hs256)]
#[case::in_lower_case(AttributeValue::S("es256".into()), SigningAlgorithm::Hs256)]
#[case::with_a_blank(AttributeValue::S("ES256 ".into()), SigningAlgorithm::Hs256)]
#[case::empty(AttributeValue::S(String::new()), SigningAlgorithm::Hs256)]
#[case::a_number(number("256"), SigningAlgorithm::Hs256)]
#[case::a_flag(AttributeValue::Bool(true), SigningAlgorithm::Hs256)]
fn the_algorithm_of_access_tokens_is_one_of_two(#[case] value: AttributeValue, #[case] expected: SigningAlgorithm) {
    assert_eq!(read("ACCESS_TOKEN_ALGORITHM", value).access_token_algorithm(), expected);
}

#[test]
fn a_number_in_a_text_is_no_number() {
    assert_eq!(read("ACCESS_TOKEN_LIFETIME", AttributeValue::S("300".into())).access_token_seconds(), 77);
}

#[rstest]
#[case::the_least("0", 0)]
#[case::the_most("60", 60)]
#[case::one_too_many("61", 17)]
fn the_grace_of_refresh_tokens_is_a_whole_number_of_seconds(#[case] text: &str, #[case] expected: u64) {
    assert_eq!(read("REFRESH_TOKEN_GRACE", number(text)).refresh_token_grace_seconds(), expected);
}

#[rstest]
#[case::on(AttributeValue::Bool(true), true)]
#[case::off(AttributeValue::Bool(false), false)]
#[case::a_string_that_leaves_the_last_good_one(AttributeValue::S("false".into()), true)]
#[case::a_number_that_leaves_the_last_good_one(number("0"), true)]
fn rotation_is_a_boolean(#[case] value: AttributeValue, #[case] expected: bool) {
    assert_eq!(read("ROTATE_REFRESH_TOKENS", value).rotates_refresh_tokens(), expected);
}

#[rstest]
#[case::the_least("1", 1)]
#[case::the_most("1000000", 1_000_000)]
#[case::none_at_all("0", 1)]
#[case::one_too_many("1000001", 1)]
fn a_limit_is_a_number_of_attempts(#[case] text: &str, #[case] expected: u64) {
    let settings = read("LOGIN_MAX_FAILURES_PER_SOURCE", number(text));
    assert_eq!(settings.login_failures_per_source(), Limit { max: expected, window: 900 });
}

#[test]
fn settings_that_are_written_are_read_again_without_a_problem() {
    assert_eq!(SettingsItem::new(&before()).read(&Settings::default()), (before(), vec![]));
}

#[rstest]
#[case::a_string(AttributeValue::S("600".into()))]
#[case::a_boolean(AttributeValue::Bool(true))]
#[case::null(AttributeValue::Null(true))]
#[case::a_list(AttributeValue::L(vec![]))]
fn a_value_of_the_wrong_type_leaves_the_last_good_one(#[case] value: AttributeValue) {
    assert_eq!(read("ACCESS_TOKEN_LIFETIME", value).access_token_seconds(), 77);
}

#[test]
fn a_wrong_value_does_not_touch_the_others() {
    assert_eq!(read("ACCESS_TOKEN_LIFETIME", number("0")).refresh_token_seconds(), 30 * 86_400);
}

#[test]
fn a_missing_value_leaves_the_last_good_one() {
    let (settings, problems) = SettingsItem::default().read(&before());
    let missing = before().values().map(|(setting, used)| Problem::Missing { setting, used }).collect::<Vec<_>>();
    assert_eq!((settings, problems), (before(), missing));
}

proptest! {
    #[test]
    fn statement_26_whatever_the_item_says_the_settings_are_in_range(
        access in "-?[0-9]{1,9}|-?[0-9.e]{0,12}", refresh in "-?[0-9]{1,9}|-?[0-9.e]{0,12}",
    ) {
        let item = Item::from([
            ("ACCESS_TOKEN_LIFETIME".into(), number(&access)),
            ("REFRESH_TOKEN_LIFETIME".into(), number(&refresh)),
        ]);
        let settings = SettingsItem(item).settings();
        prop_assert!(settings.values().all(|(setting, value)| setting.takes(value)), "{settings:?}");
    }
}
