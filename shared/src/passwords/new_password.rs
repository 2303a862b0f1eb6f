//! Rules for new passwords.

mod common;
mod similarity;

use common::CommonPasswords;
use similarity::is_similar;

use crate::{
    domain::{
        Email, FieldError, Username,
        field::{self, Message},
    },
    passwords::Password,
};

/// An acceptable password: long enough, not common, not all digits, and not similar to the user's other data. Only
/// [`PasswordRules`] create one.
#[derive(Debug, Clone)]
pub struct NewPassword(Password);

/// The rules of Django's four validators, with its thresholds, and common passwords with small additions (see `CommonPasswords`).
/// NIST SP 800-63B-4, section 3.1.1.2, requires a list of common passwords with the service's name, and no composition rules.
#[derive(Debug, Clone)]
pub struct PasswordRules {
    common: CommonPasswords,
}

const MIN_CHARACTERS: usize = 8;

const TOO_COMMON: &str = "This password is too common.";

impl NewPassword {
    /// The characters, to be looked up.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose()
    }

    /// The characters, for hashing.
    pub(crate) fn into_secret(self) -> secrecy::SecretString {
        self.0.into_secret()
    }

    /// The error for a password that another list has.
    pub(crate) fn too_common() -> FieldError {
        FieldError::new::<Password>([TOO_COMMON.into()])
    }
}

impl PasswordRules {
    /// Rules with words of the service, separated by commas or spaces: its name, the company's, the product's. Case, punctuation and
    /// digits in them are ignored, and so are words of fewer than three letters.
    pub fn new(service_words: &str) -> Self {
        Self { common: CommonPasswords::new(service_words) }
    }

    /// Judges a password for a user with this address and, if chosen, this name.
    ///
    /// # Errors
    /// Every reason for rejecting it, but only the first of the two about similarity.
    pub fn judge(
        &self,
        password: Password,
        username: Option<&Username>,
        email: &Email,
    ) -> Result<NewPassword, FieldError> {
        let text = password.expose();
        let is_like_the_username = username.is_some_and(|name| is_similar(text, name.as_str()));
        let faults = [
            (is_like_the_username, "The password is too similar to the username.".into()),
            (
                !is_like_the_username && is_similar(text, email.as_str()),
                "The password is too similar to the email address.".into(),
            ),
            (text.chars().count() < MIN_CHARACTERS, too_short()),
            (self.common.has(text), TOO_COMMON.into()),
            (text.chars().all(char::is_numeric), "This password is entirely numeric.".into()),
        ];
        field::checked((), faults).map_err(FieldError::new::<Password>)?;
        Ok(NewPassword(password))
    }
}

fn too_short() -> Message {
    format!("This password is too short. It must contain at least {MIN_CHARACTERS} characters.").into()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::domain::Field;

    fn faults(password: &str, username: Option<&str>, email: &str) -> Vec<Message> {
        let username = username.map(|name| Username::parse(name).unwrap());
        let email = Email::parse(email).unwrap();
        let password = Password::parse(password).unwrap();
        let judged = PasswordRules::new("acme").judge(password, username.as_ref(), &email);
        judged.map_or_else(|error| error.messages, |_| Vec::new())
    }

    #[rstest]
    #[case::a_good_one("correct horse battery staple", &[])]
    #[case::of_7_characters("k7#pQ2x", &["This password is too short. It must contain at least 8 characters."])]
    #[case::of_8_characters("k7#pQ2x!", &[])]
    #[case::a_common_one("password1", &["This password is too common."])]
    #[case::a_common_one_in_another_case("PassWord1", &["This password is too common."])]
    #[case::a_common_one_among_blanks(" password1 ", &["This password is too common."])]
    #[case::a_common_one_with_a_year("Summer2026!", &["This password is too common."])]
    #[case::a_word_of_the_service("Acme-2026!", &["This password is too common."])]
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

    #[rstest]
    #[case::like_both("lovelace1815", "lovelace", "lovelace@example.com", &[])]
    #[case::like_both_and_short("lovelac", "lovelac", "lovelac@example.com", &[
        "This password is too short. It must contain at least 8 characters.",
    ])]
    fn of_the_two_about_likeness_the_first_alone_is_told(
        #[case] password: &str,
        #[case] username: &str,
        #[case] email: &str,
        #[case] others: &[&str],
    ) {
        let mut expected = vec!["The password is too similar to the username."];
        expected.extend(others);
        assert_eq!(faults(password, Some(username), email), expected);
    }

    #[test]
    fn a_user_without_a_name_is_not_compared_with_one() {
        assert_eq!(faults("lovelace1815", None, "ada@example.com"), [""; 0]);
    }
}
