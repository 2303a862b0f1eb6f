use std::collections::BTreeSet;

use rstest::rstest;

use super::*;

#[test]
fn every_setting_has_a_name_of_its_own_and_a_default_that_it_takes() {
    let names: BTreeSet<_> = DEFINITIONS.iter().map(Definition::name).collect();
    assert_eq!(names.len(), DEFINITIONS.len());
    for setting in &DEFINITIONS {
        assert!(setting.takes(setting.default()), "{setting:?}");
        assert_eq!(setting.parse(&setting.default().to_string()), Some(setting.default()), "{setting:?}");
        let is_number = matches!(setting.kind(), Kind::Number(_));
        assert_eq!(setting.unit().is_empty(), !is_number, "{setting:?}");
    }
}

/// The rule that no one address can lock an account, on these limits.
fn conflict(source: (u64, u64), account: (u64, u64)) -> Option<String> {
    let stored = |setting: &Definition| {
        let number = match setting.name() {
            "LOGIN_MAX_FAILURES_PER_SOURCE" => source.0,
            "LOGIN_FAILURES_PER_SOURCE_WINDOW" => source.1,
            "LOGIN_MAX_FAILURES_PER_ACCOUNT" => account.0,
            "LOGIN_FAILURES_PER_ACCOUNT_WINDOW" => account.1,
            _ => return Stored::Valid(setting.default()),
        };
        Stored::Valid(Value::Number(number))
    };
    let (settings, problems) = Settings::read(stored, &Settings::default());
    let conflict = settings.conflict();
    assert_eq!(problems, conflict.clone().map(Problem::Conflict).into_iter().collect::<Vec<_>>());
    // They are in force all the same.
    let limit = |(max, window)| Limit { max, window };
    assert_eq!(settings.login_failures_per_source(), limit(source));
    assert_eq!(settings.login_failures_per_account(), limit(account));
    conflict
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
fn statement_8_limits_that_let_one_address_lock_an_account_are_reported(
    #[case] source: (u64, u64),
    #[case] account: (u64, u64),
    #[case] reported: bool,
) {
    let conflict = conflict(source, account);
    assert_eq!(conflict.is_some(), reported, "{conflict:?}");
}

#[test]
fn without_limits_only_limits_change() {
    let settings = Settings::default().without_limits();
    for (setting, value) in settings.values() {
        let expected = if setting.name().contains("MAX") { Value::Number(MAX_LIMIT) } else { setting.default() };
        assert_eq!(value, expected, "{}", setting.name());
    }
    assert_eq!(settings.conflict(), None);
}

#[test]
fn the_manual_has_every_setting_with_its_unit_its_range_and_its_default() {
    // It separates thousands with spaces.
    let manual = include_str!("../../../docs/configuration.md").replace(' ', "");
    for setting in &DEFINITIONS {
        let (name, unit, default) = (setting.name(), setting.unit(), setting.default());
        let row = match setting.kind() {
            Kind::Number(range) => format!("|`{name}`|{unit}|{}to{}|{default}|", range.start(), range.end()),
            Kind::Flag => format!("|`{name}`|boolean||`{default}`|"),
            Kind::Choice(words) => format!("|`{name}`|text|`{}`|`{default}`|", words.join("`or`")),
        };
        assert!(manual.contains(&row), "{row}");
    }
}
