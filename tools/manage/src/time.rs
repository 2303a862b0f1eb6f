//! Times as text. The one place that knows the SDK's type for them.

use aws_sdk_dynamodb::primitives::{DateTime, DateTimeFormat};
use shared::clock::UnixSeconds;

/// A time as RFC 3339 writes it, in UTC; none after the year 9999.
pub(crate) fn format(time: UnixSeconds) -> Option<String> {
    DateTime::from_secs(time.try_into().ok()?).fmt(DateTimeFormat::DateTime).ok()
}

/// Reads a time of ISO 8601: with `T` or a blank, with or without seconds and fractions, with any offset; or a date alone.
/// Without an offset, which Django leaves out if it uses no time zones, it is UTC. None if it is not a time since 1970.
pub(crate) fn parse(text: &str) -> Option<UnixSeconds> {
    let (day, rest) = text.trim().split_at_checked("2024-02-29".len())?;
    let (clock, offset) = match rest.strip_prefix(['T', 't', ' ']) {
        Some(rest) => {
            rest.split_at(rest.find(|c: char| !(c.is_ascii_digit() || ":.".contains(c))).unwrap_or(rest.len()))
        }
        None if rest.is_empty() => ("00:00", ""),
        None => return None,
    };
    let seconds = if clock.len() == "12:00".len() { ":00" } else { "" };
    let offset = rfc_3339_offset(offset.trim_start())?;
    let time = format!("{day}T{clock}{seconds}{offset}");
    DateTime::from_str(&time, DateTimeFormat::DateTimeWithOffset).ok()?.secs().try_into().ok()
}

fn rfc_3339_offset(offset: &str) -> Option<String> {
    if matches!(offset, "" | "Z" | "z") {
        return Some("Z".into());
    }
    let (sign, digits) = offset.split_at_checked(1).filter(|(sign, _)| matches!(*sign, "+" | "-"))?;
    let (hours, minutes) = digits.split_at_checked(2)?;
    let minutes = minutes.strip_prefix(':').unwrap_or(minutes);
    let minutes = if minutes.is_empty() && digits.len() == 2 { "00" } else { minutes };
    Some(format!("{sign}{hours}:{minutes}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    /// 29 February 2024, 12:00 in UTC.
    const NOON: u64 = 1_709_208_000;

    #[rstest]
    #[case::as_django_writes_it("2024-02-29T12:00:00.123Z", NOON)]
    #[case::without_a_fraction("2024-02-29T12:00:00Z", NOON)]
    #[case::without_seconds("2024-02-29T12:00Z", NOON)]
    #[case::without_an_offset("2024-02-29T12:00:00.123456", NOON)]
    #[case::with_a_blank("2024-02-29 12:00:00", NOON)]
    #[case::as_postgres_writes_it("2024-02-29 12:00:00.123+00", NOON)]
    #[case::with_a_blank_before_the_offset("2024-02-29 15:30:00 +0330", NOON)]
    #[case::an_offset_of_hours("2024-02-29T14:00:00+02", NOON)]
    #[case::an_offset_without_a_colon("2024-02-29T14:00:00+0200", NOON)]
    #[case::an_offset_with_a_colon("2024-02-29T06:15:00-05:45", NOON)]
    #[case::of_another_day("2024-03-01T01:00+13", NOON)]
    #[case::a_day("2024-02-29", NOON - 43_200)]
    #[case::the_first_second("1970-01-01T00:00:00Z", 0)]
    #[case::the_last_second("9999-12-31T23:59:59Z", 253_402_300_799)]
    fn a_time_is_read_in_every_form(#[case] text: &str, #[case] expected: u64) {
        assert_eq!(parse(text), Some(expected));
    }

    #[test]
    fn a_time_is_written_as_rfc_3339_in_utc() {
        assert_eq!(format(NOON).as_deref(), Some("2024-02-29T12:00:00Z"));
        assert_eq!(format(u64::MAX), None);
    }

    #[rstest]
    #[case::nothing("")]
    #[case::words("yesterday")]
    #[case::a_number("1709208000")]
    #[case::before_1970("1969-12-31T23:59:59Z")]
    #[case::before_1970_by_the_offset("1970-01-01T00:00:00+01:00")]
    #[case::no_such_day("2023-02-29T12:00:00Z")]
    #[case::no_such_hour("2024-02-29T24:00:00Z")]
    #[case::no_such_offset("2024-02-29T12:00:00+26:00")]
    #[case::half_an_offset("2024-02-29T12:00:00+2")]
    #[case::an_offset_that_ends_in_a_colon("2024-02-29T12:00:00+02:")]
    #[case::an_hour_alone("2024-02-29T12")]
    #[case::another_order("29.02.2024 12:00")]
    #[case::a_zone_by_name("2024-02-29T12:00:00 Europe/Paris")]
    #[case::more_behind_it("2024-02-29T12:00:00Z and then")]
    #[case::letters_of_many_bytes("２０２４-02-29")]
    fn a_text_that_is_not_a_time_is_rejected(#[case] text: &str) {
        assert_eq!(parse(text), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "[0-9TZ:+. é-]{0,40}") {
            parse(&text);
        }
    }
}
