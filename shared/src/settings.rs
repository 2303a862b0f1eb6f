//! Settings that operators change while the service runs: an item of DynamoDB, kept in memory for some seconds.

use std::{
    ops::RangeInclusive,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use aws_sdk_dynamodb::types::AttributeValue;

use crate::{
    Error,
    clock::{Clock, UnixSeconds},
    store::{Item, SettingsTable},
};

/// A number in the settings item.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Setting {
    name: &'static str,
    default: u64,
    range: RangeInclusive<u64>,
}

/// In seconds. Short, since an access token can not be taken back; a client that refreshes never notices.
const ACCESS_TOKEN_LIFETIME: Setting = Setting { name: "ACCESS_TOKEN_LIFETIME", default: 300, range: 1..=86_400 };

/// In days. How long somebody who stays away stays logged in.
const REFRESH_TOKEN_LIFETIME: Setting = Setting { name: "REFRESH_TOKEN_LIFETIME", default: 30, range: 1..=3_650 };

const SECONDS_A_DAY: u64 = 86_400;

/// What the settings item says, or what holds where it says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    access_token_lifetime: u64,
    refresh_token_lifetime: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            access_token_lifetime: ACCESS_TOKEN_LIFETIME.default,
            refresh_token_lifetime: REFRESH_TOKEN_LIFETIME.default,
        }
    }
}

impl Settings {
    /// How long an access token is valid, in seconds: 1 to 86 400, by default 300.
    pub fn access_token_seconds(&self) -> u64 {
        self.access_token_lifetime
    }

    /// How long a session lasts, in seconds: 1 to 3 650 days, by default 30.
    pub fn refresh_token_seconds(&self) -> u64 {
        self.refresh_token_lifetime * SECONDS_A_DAY
    }

    /// These settings as an item, but for its key.
    pub fn to_item(&self) -> Item {
        let number = |setting: Setting, value: u64| (setting.name.into(), AttributeValue::N(value.to_string()));
        Item::from([
            number(ACCESS_TOKEN_LIFETIME, self.access_token_lifetime),
            number(REFRESH_TOKEN_LIFETIME, self.refresh_token_lifetime),
        ])
    }

    /// Reads an item. A value that is missing or wrong is reported in the log and stays what it was: a slip in the console
    /// must not stop logins.
    fn read(item: &Item, before: &Self) -> Self {
        Self {
            access_token_lifetime: ACCESS_TOKEN_LIFETIME.read(item, before.access_token_lifetime),
            refresh_token_lifetime: REFRESH_TOKEN_LIFETIME.read(item, before.refresh_token_lifetime),
        }
    }
}

impl Setting {
    fn read(&self, item: &Item, before: u64) -> u64 {
        let value = item.get(self.name).and_then(|value| value.as_n().ok()).and_then(|number| number.parse().ok());
        value.filter(|value| self.range.contains(value)).unwrap_or_else(|| {
            tracing::warn!(
                event = "setting_invalid",
                setting = self.name,
                used = before,
                "{} must be a whole number from {} to {}",
                self.name,
                self.range.start(),
                self.range.end()
            );
            before
        })
    }
}

/// The settings, read from their table at most once in a given time.
#[derive(Debug)]
pub struct SettingsCache {
    table: SettingsTable,
    clock: Clock,
    max_age: Duration,
    last: Mutex<Option<(UnixSeconds, Settings)>>,
}

impl SettingsCache {
    pub(crate) fn new(table: SettingsTable, clock: Clock, max_age: Duration) -> Self {
        Self { table, clock, max_age, last: Mutex::default() }
    }

    /// The settings that hold now. To be awaited beside another read, so that reading them anew takes no time of its own.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when they were never read and can not be now. Later, the last ones hold on.
    pub async fn current(&self) -> Result<Settings, Error> {
        let now = self.clock.now();
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((read_at, settings)) = last
            && now.abs_diff(read_at) < self.max_age.as_secs()
        {
            return Ok(settings);
        }
        let before = last.map(|(_, settings)| settings);
        let settings = match (self.table.read().await, before) {
            (Ok(item), _) => item.map(|item| Settings::read(&item, &before.unwrap_or_default())).unwrap_or_default(),
            (Err(error), Some(before)) => {
                tracing::warn!(event = "settings_unavailable", %error, "the last settings hold on");
                before
            }
            (Err(error), None) => return Err(error),
        };
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, settings));
        Ok(settings)
    }

    /// Reads the settings before the first request, and so opens the connection to DynamoDB. Failing is no harm: the first
    /// request tries again.
    pub async fn warm_up(&self) {
        if let Err(error) = self.current().await {
            tracing::warn!(event = "settings_unavailable", %error, "the first request tries again");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn number(text: &str) -> AttributeValue {
        AttributeValue::N(text.into())
    }

    fn read(name: &str, value: AttributeValue) -> Settings {
        let mut item = Settings::default().to_item();
        item.insert(name.into(), value);
        let before = Settings { access_token_lifetime: 77, refresh_token_lifetime: 7 };
        Settings::read(&item, &before)
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
        let before = Settings { access_token_lifetime: 77, refresh_token_lifetime: 7 };
        assert_eq!(Settings::read(&Item::new(), &before), before);
    }

    proptest! {
        #[test]
        fn whatever_the_item_says_the_settings_are_in_range(access in "-?[0-9.e]{0,12}", refresh in "-?[0-9.e]{0,12}") {
            let item = Item::from([
                ("ACCESS_TOKEN_LIFETIME".into(), number(&access)),
                ("REFRESH_TOKEN_LIFETIME".into(), number(&refresh)),
            ]);
            let settings = Settings::read(&item, &Settings::default());
            prop_assert!(ACCESS_TOKEN_LIFETIME.range.contains(&settings.access_token_lifetime));
            prop_assert!(REFRESH_TOKEN_LIFETIME.range.contains(&settings.refresh_token_lifetime));
        }
    }
}
