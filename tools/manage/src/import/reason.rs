//! Why a user is rejected. These are all reasons, and docs/migrate-from-django.md says what to do about each.

use std::fmt;

use serde_json::error::Category;
use shared::{Error, domain::FieldError};

/// The reasons with a fixed text, and those whose text comes from elsewhere.
macro_rules! reasons {
    ($($(#[$what:meta])+ $name:ident: $text:literal,)+) => {
        /// Why a user or a line is rejected.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub(super) enum Reason {
            $($(#[$what])+ $name,)+
            /// A field breaks the rules of registration.
            Field(FieldError),
            /// The hash cannot be verified.
            Hash(String),
        }

        impl fmt::Display for Reason {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$name => f.write_str($text),)+
                    Self::Field(error) => write!(f, "{}: {}", error.name, error.messages.join(" ")),
                    Self::Hash(reason) => write!(f, "{reason}."),
                }
            }
        }

        #[cfg(test)]
        impl Reason {
            /// All that have a text of their own.
            fn fixed() -> Vec<Self> {
                vec![$(Self::$name),+]
            }
        }
    };
}

reasons! {
    /// The id is not an id.
    Id: "id: must be a whole number from 1 to 9007199254740991.",
    /// An earlier user in the file has the id.
    IdTwice: "id: twice in the file, and the first one counts.",
    /// Another user has the username.
    UsernameTaken: "username: another user has it.",
    /// Another user has the email.
    EmailTaken: "email: another user has it, perhaps in other case.",
    /// There is no hash.
    NoPassword: "password: none.",
    /// Django's mark of a user without a password, in place of the hash.
    PasswordUnusable: "password: unusable, the user has none.",
    /// The hash is of another type.
    PasswordNoText: "password: not a text.",
    /// It is not clear whether the user is active.
    ActiveUnclear: "is_active: neither true nor false.",
    /// It is not clear whether the user is disabled.
    DisabledUnclear: "disabled: neither true nor false.",
    /// The date of a dump is not a date.
    JoinedUnclear: "date_joined: no time since 1970.",
    /// The time of an export is not a time.
    CreatedUnclear: "created_at: no time since 1970.",
    /// The line ends before its JSON does.
    LineCutOff: "line: cut off.",
    /// The line is not JSON.
    LineNoJson: "line: no JSON.",
    /// The line is JSON, but not a user.
    LineNoUser: "line: no user.",
    /// The line is too long for a user.
    LineTooLong: "line: longer than 16 MiB.",
}

impl Reason {
    /// What is wrong with a line. Not in the parser's words, which may quote the line, and so a hash.
    pub(super) fn of_line(error: &serde_json::Error) -> Self {
        match error.classify() {
            Category::Eof => Self::LineCutOff,
            Category::Syntax => Self::LineNoJson,
            Category::Data | Category::Io => Self::LineNoUser,
        }
    }

    /// Why a hash is rejected.
    pub(super) fn of_hash(error: &Error) -> Self {
        Self::Hash(error.to_string())
    }
}

impl From<FieldError> for Reason {
    fn from(error: FieldError) -> Self {
        Self::Field(error)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use shared::{
        domain::{Email, Field, Message, PasswordHash, UserId, Username},
        passwords,
    };

    use super::*;

    /// The reasons in the manual's table, in which `…` matches any text.
    fn manual() -> Vec<&'static str> {
        let manual = include_str!("../../../../docs/migrate-from-django.md");
        let (_, table) = manual.split_once("| reason | what to do in Django |").unwrap();
        let (table, _) = table.split_once("\n\n").unwrap();
        table.lines().filter_map(|row| row.strip_prefix("| `")?.split_once("` |").map(|(reason, _)| reason)).collect()
    }

    fn matches(reason: &str, row: &str) -> bool {
        let (start, end) = row.split_once('…').unwrap_or((row, ""));
        let (rest, is_open) = (reason.strip_prefix(start), row.contains('…'));
        rest.is_some_and(|rest| if is_open { rest.ends_with(end) } else { rest.is_empty() })
    }

    /// One reason for each message of a field.
    fn of_field<F: Field>(value: Option<&Value>) -> Vec<Reason> {
        let FieldError { name, messages } = F::read(value).err().unwrap();
        let single = |message: Message| Reason::Field(FieldError { name, messages: vec![message] });
        messages.into_iter().map(single).collect()
    }

    fn of_hash(text: &str) -> Reason {
        Reason::of_hash(&passwords::check(&PasswordHash::new(text.into())).unwrap_err())
    }

    fn all() -> Vec<Reason> {
        let mut all = Reason::fixed();
        for value in [json!(null), json!(""), json!(5), json!("\0".repeat(300))] {
            all.extend(of_field::<Email>(Some(&value)));
        }
        all.extend(of_field::<Email>(None));
        for value in [json!(5), json!("\0".repeat(300))] {
            all.extend(of_field::<Username>(Some(&value)));
        }
        all.extend(
            [
                "md5$salt$5d41402abc4b2a76b9719d911017c592",
                "$argon2d$v=19$m=19456,t=2,p=1$c2l4dGVlbiBieXRlcyAuLg$2WG2PPol/lCSBLmz3Hc2qg",
                "$argon2id$v=19$m=262145,t=2,p=1$c2l4dGVlbiBieXRlcyAuLg$2WG2PPol/lCSBLmz3Hc2qg",
                "$argon2id$v=19$m=19456,t=2,p=1",
                "$argon2id",
                "pbkdf2_sha256$999$salt$wOHK7YZ366J2C8d48osRqCypmok8o3dkXR/6eerWYCo=",
                "pbkdf2_sha256$10000$salt$wOHK",
                "pbkdf2_sha256$10000$salt$!",
                "pbkdf2_sha256$10000",
            ]
            .map(of_hash),
        );
        all
    }

    #[test]
    fn the_manual_explains_every_reason() {
        let manual = manual();
        let missing: Vec<_> = all()
            .iter()
            .map(ToString::to_string)
            .filter(|reason| !manual.iter().any(|row| matches(reason, row)))
            .collect();
        assert!(missing.is_empty(), "not in docs/migrate-from-django.md: {missing:#?}");
    }

    #[test]
    fn the_manual_has_no_reason_that_does_not_exist() {
        let all: Vec<_> = all().iter().map(ToString::to_string).collect();
        let rows = manual();
        let stale: Vec<_> = rows.iter().filter(|row| !all.iter().any(|reason| matches(reason, row))).collect();
        assert!(stale.is_empty(), "in docs/migrate-from-django.md alone: {stale:#?}");
    }

    #[test]
    fn the_reason_has_the_range_of_ids() {
        assert!(Reason::Id.to_string().ends_with(&format!("from 1 to {}.", UserId::MAX)));
    }

    #[test]
    fn the_reason_of_a_line_does_not_quote_it() {
        let reason = |line| Reason::of_line(&serde_json::from_str::<bool>(line).unwrap_err());
        assert_eq!(reason("\"$argon2id$v=19$secret\""), Reason::LineNoUser);
        assert_eq!(reason("tru"), Reason::LineCutOff);
        assert_eq!(reason("truth"), Reason::LineNoJson);
    }
}
