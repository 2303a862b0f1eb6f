//! Passwords that clients send.

use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::UnicodeNormalization;

use crate::domain::field::{self, Field, FieldError, Message, Rules};

/// The maximum length of a password, in characters (code points after NFC). Anybody can send one to be hashed, so it must be
/// limited; NIST SP 800-63B-4 requires at least 64.
const MAX_CHARACTERS: usize = 128;

/// A well-formed password that has not been judged yet: see `NewPassword`. In NFC, otherwise exactly as sent.
#[derive(Debug, Clone)]
pub struct Password(SecretString);

impl Password {
    /// The characters, for judging.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The characters, for hashing.
    pub(crate) fn into_secret(self) -> SecretString {
        self.0
    }
}

impl Field for Password {
    const NAME: &'static str = "password";
    const TRIMMED: bool = false;
}

impl Rules for Password {
    fn check(text: &str) -> Result<Self, Vec<Message>> {
        let password: String = text.nfc().collect();
        let (nul, long) = (password.contains('\0'), password.chars().count() > MAX_CHARACTERS);
        field::checked(
            Self(password.into()),
            [(long, field::too_long(MAX_CHARACTERS)), (nul, field::NUL_CHARACTER.into())],
        )
    }
}

/// A password from a login attempt, of any length. A password that is too long is wrong without being hashed, so it is not kept.
#[derive(Debug, Clone)]
pub struct PasswordAttempt {
    normalised: Option<SecretString>,
    as_sent: Option<SecretString>,
}

impl PasswordAttempt {
    /// The characters in NFC, otherwise exactly as sent: what this service hashes.
    pub(crate) fn normalised(&self) -> Option<&str> {
        self.normalised.as_ref().map(ExposeSecret::expose_secret)
    }

    /// The characters exactly as sent: what others hash.
    pub(crate) fn as_sent(&self) -> Option<&str> {
        self.as_sent.as_ref().map(ExposeSecret::expose_secret)
    }
}

impl Field for PasswordAttempt {
    const NAME: &'static str = "password";
    const TRIMMED: bool = false;
}

impl Rules for PasswordAttempt {
    fn check(text: &str) -> Result<Self, Vec<Message>> {
        let password: String = text.nfc().collect();
        let (nul, long) = (password.contains('\0'), password.chars().count() > MAX_CHARACTERS);
        let attempt = Self { normalised: (!long).then(|| password.into()), as_sent: (!long).then(|| text.into()) };
        field::checked(attempt, [(nul, field::NUL_CHARACTER.into())])
    }
}

/// The password of a logged-in user, required again for what a stolen access token must not be able to do.
#[derive(Debug, Clone)]
pub struct CurrentPassword(PasswordAttempt);

impl CurrentPassword {
    /// The attempt to verify.
    pub fn into_attempt(self) -> PasswordAttempt {
        self.0
    }

    /// The error for a wrong password: 400, since clients log out after a 401.
    pub fn wrong() -> FieldError {
        FieldError::new::<Self>(["Invalid password.".into()])
    }
}

impl Field for CurrentPassword {
    const NAME: &'static str = "current_password";
    const TRIMMED: bool = false;
}

impl Rules for CurrentPassword {
    fn check(text: &str) -> Result<Self, Vec<Message>> {
        PasswordAttempt::check(text).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::Value;

    use super::*;

    #[rstest]
    #[case::of_128_characters(&"ü".repeat(128), &[])]
    #[case::of_129_characters(&"ü".repeat(129), &["Ensure this field has no more than 128 characters."])]
    #[case::of_128_characters_once_composed(&"u\u{308}".repeat(128), &[])]
    #[case::with_nul("correct\0horse", &[field::NUL_CHARACTER])]
    fn a_new_password_is_bounded(#[case] password: &str, #[case] expected: &[&str]) {
        assert_eq!(Password::parse(password).err().unwrap_or_default(), expected);
    }

    #[test]
    fn a_longer_attempt_is_no_error_but_cannot_be_right() {
        assert!(PasswordAttempt::parse(&"x".repeat(128)).unwrap().normalised().is_some());
        assert!(PasswordAttempt::parse(&"x".repeat(129)).unwrap().normalised().is_none());
    }

    #[test]
    fn blanks_around_a_password_are_part_of_it() {
        let password = Password::read(Some(&Value::from("  eight  "))).unwrap();
        assert_eq!(password.expose(), "  eight  ");
    }

    #[test]
    fn a_password_of_blanks_is_not_blank() {
        assert_eq!(PasswordAttempt::read(Some(&Value::from("   "))).unwrap().normalised(), Some("   "));
    }

    #[test]
    fn a_password_cannot_be_printed() {
        assert!(!format!("{:?}", Password::parse("correct horse").unwrap()).contains("horse"));
    }

    proptest! {
        #[test]
        fn registering_and_logging_in_read_alike(text in "\\PC{1,128}") {
            if let Ok(password) = Password::parse(&text) {
                let attempt = PasswordAttempt::parse(&text).unwrap();
                prop_assert_eq!(Some(password.expose()), attempt.normalised());
            }
        }
    }
}
