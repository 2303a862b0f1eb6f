//! What a new password must not be.

use std::collections::HashMap;

use super::{
    Email, FieldError, Password, Username,
    field::{self, Message},
};

/// A password that may become a user's: long enough, not common, not all digits, and unlike the user's other data. The
/// rules are those of Django's four validators, with its thresholds; NIST SP 800-63B-4, section 3.1.1.2, asks for the
/// list and against rules of composition.
#[derive(Debug, Clone)]
pub struct NewPassword(Password);

const MIN_CHARACTERS: usize = 8;

/// Two strings are too similar when this share of their characters is common to both.
const MAX_SIMILARITY: f64 = 0.7;

/// One a line, in lower case, sorted by bytes. The folder's README tells where they come from.
const COMMON: &str = include_str!("../../data/common-passwords.txt");

impl NewPassword {
    /// Judges a password for a user with this name, where one was chosen, and this address.
    ///
    /// # Errors
    /// Every reason why it is refused.
    pub fn judge(password: Password, username: Option<&Username>, email: &Email) -> Result<Self, FieldError> {
        let text = password.expose();
        let faults = [
            (
                username.is_some_and(|name| is_similar(text, name.as_str())),
                "The password is too similar to the username.".into(),
            ),
            (is_similar(text, email.as_str()), "The password is too similar to the email address.".into()),
            (text.chars().count() < MIN_CHARACTERS, too_short()),
            (is_common(text), "This password is too common.".into()),
            (text.chars().all(char::is_numeric), "This password is entirely numeric.".into()),
        ];
        field::checked((), faults).map_err(FieldError::new::<Password>)?;
        Ok(Self(password))
    }

    /// The characters, for hashing.
    #[cfg(feature = "hashing")]
    pub(crate) fn into_secret(self) -> secrecy::SecretString {
        self.0.into_secret()
    }
}

fn too_short() -> Message {
    format!("This password is too short. It must contain at least {MIN_CHARACTERS} characters.").into()
}

/// Whether the list has the password, without regard to case and to white space around it. Each step halves the part of
/// the list that is left, at the beginning of a line.
fn is_common(password: &str) -> bool {
    let lower = password.to_lowercase();
    let wanted = lower.trim();
    let mut rest = COMMON;
    while !rest.is_empty() {
        let middle =
            rest.as_bytes().iter().take(rest.len() / 2).rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let (before, from) = rest.split_at_checked(middle).unwrap_or(("", rest));
        let (line, after) = from.split_once('\n').unwrap_or((from, ""));
        rest = match wanted.cmp(line) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => before,
            std::cmp::Ordering::Greater => after,
        };
    }
    false
}

/// Whether the password is too similar to the value, or to one of the value's words.
fn is_similar(password: &str, value: &str) -> bool {
    let (password, value) = (password.to_lowercase(), value.to_lowercase());
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    value.split(|c| !is_word(c)).chain([value.as_str()]).any(|part| {
        let (password_length, part_length) = (password.chars().count(), part.chars().count());
        // Django's short cut, which also decides: a part ten times shorter than the password never counts.
        password_length < 10 * part_length && similarity(&password, part) >= MAX_SIMILARITY
    })
}

/// `quick_ratio` of Python's `difflib.SequenceMatcher`: twice the number of common characters, wherever they stand, over
/// the number of all.
fn similarity(a: &str, b: &str) -> f64 {
    let mut available: HashMap<char, u32> = HashMap::new();
    for c in b.chars() {
        *available.entry(c).or_default() += 1;
    }
    let mut common = 0_u32;
    for c in a.chars() {
        if let Some(left) = available.get_mut(&c).filter(|left| **left > 0) {
            *left -= 1;
            common += 1;
        }
    }
    // At most 128 and 254 characters: exact in an f64.
    let all = u32::try_from(a.chars().count() + b.chars().count()).unwrap_or(u32::MAX);
    2.0 * f64::from(common) / f64::from(all)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::domain::Field;

    fn faults(password: &str, username: Option<&str>, email: &str) -> Vec<Message> {
        let username = username.map(|name| Username::parse(name).unwrap());
        let email = Email::parse(email).unwrap();
        let judged = NewPassword::judge(Password::parse(password).unwrap(), username.as_ref(), &email);
        judged.map_or_else(|error| error.messages, |_| Vec::new())
    }

    #[rstest]
    #[case::a_good_one("correct horse battery staple", &[])]
    #[case::of_7_characters("k7#pQ2x", &["This password is too short. It must contain at least 8 characters."])]
    #[case::of_8_characters("k7#pQ2x!", &[])]
    #[case::a_common_one("password1", &["This password is too common."])]
    #[case::a_common_one_in_another_case("PassWord1", &["This password is too common."])]
    #[case::a_common_one_among_blanks(" password1 ", &["This password is too common."])]
    #[case::only_digits("8302751946", &["This password is entirely numeric."])]
    #[case::only_arabic_digits("٨٣٠٢٧٥١٩٤٦", &["This password is entirely numeric."])]
    #[case::short_common_and_numeric("123456", &[
        "This password is too short. It must contain at least 8 characters.",
        "This password is too common.",
        "This password is entirely numeric.",
    ])]
    #[case::like_the_username("lovelace99", &["The password is too similar to the username."])]
    #[case::like_the_email("analytical.engine", &["The password is too similar to the email address."])]
    fn a_password_is_told_every_reason_in_order(#[case] password: &str, #[case] expected: &[&str]) {
        assert_eq!(faults(password, Some("lovelace"), "analytical@engine.example"), expected);
    }

    #[test]
    fn a_password_like_both_is_told_of_both() {
        let expected =
            ["The password is too similar to the username.", "The password is too similar to the email address."];
        assert_eq!(faults("lovelace1815", Some("lovelace"), "lovelace@example.com"), expected);
    }

    #[test]
    fn a_user_without_a_name_is_not_compared_with_one() {
        assert_eq!(faults("lovelace1815", None, "ada@example.com"), [""; 0]);
    }

    /// Made with Django 5.2.19; how is said in the folder's README.
    #[test]
    fn statement_4_likeness_is_judged_as_django_judges_it() {
        let cases: Vec<(String, String, bool)> =
            serde_json::from_str(include_str!("../../testdata/django-similarity.json")).unwrap();
        assert_eq!(cases.len(), 400);
        for (password, value, similar) in cases {
            assert_eq!(is_similar(&password, &value), similar, "{password:?} and {value:?}");
        }
    }

    #[test]
    fn statement_4_the_list_has_forty_thousand_lines_in_order() {
        let lines: Vec<&str> = COMMON.lines().collect();
        assert!(lines.len() >= 40_000);
        assert!(lines.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn every_line_of_the_list_is_found_and_no_neighbour() {
        for line in COMMON.lines() {
            assert!(is_common(line), "{line}");
        }
        assert!(!is_common("correct horse battery staple"));
    }

    proptest! {
        #[test]
        fn the_search_agrees_with_a_plain_one(text in "[ -~]{0,12}") {
            let plain = COMMON.lines().any(|line| line == text.to_lowercase().trim());
            prop_assert_eq!(is_common(&text), plain);
        }

        #[test]
        fn likeness_is_a_share(a in "\\PC{0,40}", b in "\\PC{1,40}") {
            let share = similarity(&a, &b);
            prop_assert!((0.0..=1.0).contains(&share));
            prop_assert_eq!(similarity(&b, &b), 1.0);
        }
    }
}
