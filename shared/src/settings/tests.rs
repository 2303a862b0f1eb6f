use aws_sdk_dynamodb::types::AttributeValue;
use proptest::prelude::*;
use rstest::rstest;

use super::*;

fn number(text: &str) -> AttributeValue {
    AttributeValue::N(text.into())
}

fn read(name: &str, value: AttributeValue) -> Settings {
    let mut item = Settings::default().to_item();
    item.insert(name.into(), value);
    Settings::read(&item, &before()).0
}

/// Settings of which each is another than by default.
fn before() -> Settings {
    Settings {
        access_token_lifetime: 77,
        refresh_token_lifetime: 7,
        rotate_refresh_tokens: true,
        refresh_token_grace: 17,
        login_failures_per_source: Limit { max: 1, window: 2 },
        login_failures_per_source_all: Limit { max: 9, window: 10 },
        login_failures_per_account: Limit { max: 13, window: 4 },
        registrations_per_source: Limit { max: 5, window: 6 },
        profile_changes_per_user: Limit { max: 7, window: 8 },
        email_change_needs_password: true,
        former_email_reserved: 3,
    }
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
    assert_eq!(Settings::read(&before().to_item(), &Settings::default()), (before(), vec![]));
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
    let (settings, problems) = Settings::read(&Item::new(), &before());
    assert_eq!((settings, problems.len()), (before(), 16));
}

#[rstest]
#[case::the_defaults((10, 900), (100, 3_600), false)]
#[case::what_was_once_the_default((10, 300), (100, 3_600), true)]
#[case::just_enough((10, 300), (131, 3_600), false)]
#[case::one_too_few((10, 300), (130, 3_600), true)]
#[case::windows_that_do_not_divide((10, 1_000), (51, 3_600), false)]
#[case::windows_that_do_not_divide_and_one_too_few((10, 1_000), (50, 3_600), true)]
#[case::a_source_that_may_fail_longer_than_an_account((50, 86_400), (101, 60), false)]
#[case::no_limits_at_all((1_000_000, 1), (1_000_000, 86_400), false)]
#[case::no_limit_of_a_source((1_000_000, 1), (999_999, 86_400), true)]
fn statement_8_limits_that_let_one_address_lock_an_account_are_told(
    #[case] source: (u64, u64),
    #[case] account: (u64, u64),
    #[case] told: bool,
) {
    let of = |(max, window)| Limit { max, window };
    let settings = Settings {
        login_failures_per_source: of(source),
        login_failures_per_account: of(account),
        ..Settings::default()
    };
    let told_of_item = conflict(&settings.to_item());
    assert_eq!(told_of_item.is_some(), told, "{told_of_item:?}");
    assert_eq!(Settings::read(&settings.to_item(), &before()), {
        (settings, told_of_item.map(Problem::Conflict).into_iter().collect())
    });
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
        let (settings, _) = Settings::read(&item, &Settings::default());
        prop_assert!(ACCESS_TOKEN_LIFETIME.range.contains(&settings.access_token_lifetime));
        prop_assert!(REFRESH_TOKEN_LIFETIME.range.contains(&settings.refresh_token_lifetime));
    }
}

#[test]
fn the_manual_has_every_setting_with_its_unit_its_range_and_its_default() {
    // Thousands are written with blanks there.
    let manual = include_str!("../../../README.md").replace(' ', "");
    for setting in &DEFINITIONS {
        let (name, unit, default) = (setting.name(), setting.unit(), setting.default());
        let row = match setting {
            Definition::Number(Number { range, .. }) => {
                format!("|`{name}`|{unit}|{}to{}|{default}|", range.start(), range.end())
            }
            Definition::Flag(_) => format!("|`{name}`|boolean||`{default}`|"),
        };
        assert!(manual.contains(&row), "{row}");
    }
}
