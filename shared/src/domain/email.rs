//! Email addresses.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

use super::field::{self, Field, Message};

/// An email address that Django's `EmailValidator` takes, of at most 254 characters. Kept as sent, but for the domain,
/// which is in lower case.
///
/// The rules are Django's own rather than a crate's, since accounts come from there and must not be refused here:
/// `email_address` takes Unicode local parts and domains of one label, which Django does not, and `validator` takes a
/// leading dot. They are held against Django's verdicts on 134 addresses by a test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Email(String);

/// RFC 5321, section 4.5.3.1.3, less the angle brackets of a path (RFC 3696, erratum 1690).
const MAX_CHARACTERS: usize = 254;

impl Email {
    /// The address as the user wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What identifies the user: the address in NFC and lower case.
    pub fn canonical(&self) -> String {
        // Character by character, so that a final sigma does not depend on its neighbours.
        self.0.nfc().flat_map(char::to_lowercase).nfc().collect()
    }

    /// An address that was valid when it was stored; rules that have changed since do not lock its owner out.
    pub(crate) fn stored(address: String) -> Self {
        Self(address)
    }
}

impl Field for Email {
    const NAME: &'static str = "email";
    const NOT_A_STRING: &'static str = INVALID;

    fn parse(text: &str) -> Result<Self, Vec<Message>> {
        let parts = text.rsplit_once('@').filter(|(local, domain)| is_local_part(local) && is_domain(domain));
        let address = parts.map(|(local, domain)| format!("{local}@{}", domain.to_lowercase())).unwrap_or_default();
        field::checked(
            Self(address),
            [
                (parts.is_none(), INVALID.into()),
                (text.contains('\0'), field::NUL_CHARACTER.into()),
                (text.chars().count() > MAX_CHARACTERS, field::too_long(MAX_CHARACTERS)),
            ],
        )
    }
}

const INVALID: &str = "Enter a valid email address.";

/// A dot-atom, or a string in quotes (RFC 5322, sections 3.2.3 and 3.2.4).
fn is_local_part(local: &str) -> bool {
    let is_atom = |atom: &str| {
        !atom.is_empty() && atom.chars().all(|c| c.is_ascii_alphanumeric() || "-!#$%&'*+/=?^_`{}|~".contains(c))
    };
    local.split('.').all(is_atom) || is_quoted_string(local)
}

fn is_quoted_string(local: &str) -> bool {
    let Some(inside) = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return false };
    let mut characters = inside.chars();
    while let Some(c) = characters.next() {
        let allowed = match c {
            '\\' => characters
                .next()
                .is_some_and(|escaped| matches!(escaped, '\x01'..='\x09' | '\x0b' | '\x0c' | '\x0e'..='\x7f')),
            _ => matches!(c, '\x01'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '!' | '#'..='[' | ']'..='\x7f'),
        };
        if !allowed {
            return false;
        }
    }
    true
}

fn is_domain(domain: &str) -> bool {
    // As Django has it, `localhost` counts in lower case alone.
    domain == "localhost" || is_host_name(domain) || is_address_literal(domain)
}

/// Two labels or more, of letters of any script, digits and hyphens; the last one without digits, or in Punycode.
fn is_host_name(domain: &str) -> bool {
    let Some((labels, top)) = domain.rsplit_once('.') else { return false };
    let is_letter = |c: char| c.is_ascii_alphabetic() || ('\u{a1}'..='\u{ffff}').contains(&c);
    let bounded = |label: &str| !label.starts_with('-') && !label.ends_with('-');
    let is_label = |label: &str| {
        (1..=63).contains(&label.chars().count())
            && bounded(label)
            && label.chars().all(|c| is_letter(c) || c.is_ascii_digit() || c == '-')
    };
    let is_top = (2..=63).contains(&top.chars().count())
        && bounded(top)
        && (top.chars().all(|c| is_letter(c) || c == '-') || is_punycode(top));
    labels.split('.').all(is_label) && is_top
}

fn is_punycode(label: &str) -> bool {
    let label = label.to_ascii_lowercase();
    let code = label.strip_prefix("xn--").unwrap_or_default();
    (1..=59).contains(&code.len()) && code.chars().all(|c| c.is_ascii_alphanumeric())
}

/// `[192.0.2.1]` or `[2001:db8::1]`.
fn is_address_literal(domain: &str) -> bool {
    let address = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or_default();
    address.parse::<Ipv4Addr>().is_ok() || address.parse::<Ipv6Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    /// Made with Django 5.2.19; how is said in the folder's README.
    #[test]
    fn addresses_are_judged_as_django_judges_them() {
        let cases: Vec<(String, bool)> =
            serde_json::from_str(include_str!("../../testdata/django-emails.json")).unwrap();
        assert_eq!(cases.len(), 134);
        let different: Vec<_> = cases.iter().filter(|(text, valid)| Email::parse(text).is_ok() != *valid).collect();
        assert!(different.is_empty(), "{different:#?}");
    }

    #[rstest]
    #[case::only_the_domain_is_put_in_lower_case("Ada@Example.COM", "Ada@example.com", "ada@example.com")]
    #[case::an_idn_domain_too("ada@BÜCHER.example", "ada@bücher.example", "ada@bücher.example")]
    #[case::a_decomposed_letter_is_composed_to_identify("a@bu\u{308}cher.de", "a@bu\u{308}cher.de", "a@b\u{fc}cher.de")]
    fn an_address_is_kept_as_sent_and_identifies_without_case(
        #[case] sent: &str,
        #[case] kept: &str,
        #[case] key: &str,
    ) {
        let email = Email::parse(sent).unwrap();
        assert_eq!((email.as_str(), email.canonical().as_str()), (kept, key));
    }

    #[rstest]
    #[case::of_254_characters(254, true)]
    #[case::of_255_characters(255, false)]
    fn an_address_may_have_254_characters(#[case] length: usize, #[case] valid: bool) {
        let domain = "@example.com";
        let address = "a".repeat(length - domain.len()) + domain;
        let messages = Email::parse(&address).err().unwrap_or_default();
        let expected: &[&str] = if valid { &[] } else { &["Ensure this field has no more than 254 characters."] };
        assert_eq!(messages, expected);
    }

    #[test]
    fn all_that_is_wrong_with_the_characters_comes_before_the_length() {
        let messages = Email::parse(&"\0".repeat(255)).unwrap_err();
        let expected = [INVALID, field::NUL_CHARACTER, "Ensure this field has no more than 254 characters."];
        assert_eq!(messages, expected);
    }

    proptest! {
        #[test]
        fn any_ordinary_address_is_taken(address in "[a-z0-9]{1,20}(\\.[a-z0-9]{1,20})?@[a-z]{1,20}\\.[a-z]{2,10}") {
            prop_assert!(Email::parse(&address).is_ok());
        }

        #[test]
        fn the_canonical_form_is_stable_and_ignores_ascii_case(address in "[a-zA-Z]{1,20}@[a-zA-ZäöüÄÖÜ]{1,20}\\.[a-zA-Z]{2,10}") {
            let canonical = Email::parse(&address).unwrap().canonical();
            let upper = Email::parse(&address.to_uppercase()).unwrap().canonical();
            prop_assert_eq!(&canonical, &upper);
            prop_assert_eq!(&canonical, &Email::parse(&canonical).unwrap().canonical());
        }

        #[test]
        fn no_string_makes_it_panic(text in any::<String>()) {
            if let Ok(email) = Email::parse(&text) {
                prop_assert!(email.as_str().contains('@'));
                prop_assert!(email.as_str().chars().count() <= MAX_CHARACTERS);
            }
        }
    }
}
