//! Email addresses.

use std::net::IpAddr;

use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

use super::field::{self, Field, Message, Rules};

/// An email address that Django's `EmailValidator` accepts, of at most 254 characters. Stored as sent, with the domain in lower
/// case.
///
/// The rules are Django's rather than a crate's, since accounts come from there and must be accepted here: `email_address`
/// accepts Unicode local parts and domains of one label, which Django does not, and `validator` accepts a leading dot. A test
/// compares them with Django's verdicts on 134 addresses.
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

    /// The canonical form, by which the user is found: NFC, case folded, the domain as in DNS.
    pub fn canonical(&self) -> String {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or((&self.0, ""));
        format!("{}@{}", folded(local), canonical_domain(domain))
    }

    /// An address that was valid when it was stored. Later changes of the rules do not lock its owner out.
    pub(crate) fn stored(address: String) -> Self {
        Self(address)
    }
}

impl Field for Email {
    const NAME: &'static str = "email";
    const NOT_A_STRING: &'static str = INVALID;
}

impl Rules for Email {
    fn check(text: &str) -> Result<Self, Vec<Message>> {
        let parts = text.rsplit_once('@').filter(|(local, domain)| is_local_part(local) && is_domain(domain));
        let address = parts.map(|(local, domain)| format!("{local}@{}", lower(domain))).unwrap_or_default();
        field::checked(
            Self(address),
            [
                (text.chars().count() > MAX_CHARACTERS, field::too_long(MAX_CHARACTERS)),
                (text.contains('\0'), field::NUL_CHARACTER.into()),
                (parts.is_none(), INVALID.into()),
            ],
        )
    }
}

const INVALID: &str = "Enter a valid email address.";

/// The longest name that DNS has, in characters (RFC 1035, section 2.3.4).
const MAX_DOMAIN_CHARACTERS: usize = 253;

/// Character by character: `str::to_lowercase` writes a capital sigma differently at the end of a word.
fn lower(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// The text in NFC without its case. A final sigma is a sigma, wherever it stands.
fn folded(text: &str) -> String {
    let lower = text.nfc().flat_map(char::to_lowercase);
    lower.map(|c| if c == 'ς' { 'σ' } else { c }).nfc().collect()
}

/// The domain in its ASCII form (UTS 46), so that one mailbox has one canonical address: full-width letters fold, invisible
/// characters vanish. A name that is not valid in DNS is folded like other text. An IP address is normalised.
fn canonical_domain(domain: &str) -> String {
    if let Some(address) = address_literal(domain) {
        return format!("[{address}]");
    }
    // From A-labels too, since these may hold a final sigma.
    let mapped = match idna::domain_to_unicode(domain) {
        (mapped, Ok(())) => folded(&mapped),
        _ => return folded(domain),
    };
    let ascii = idna::domain_to_ascii(&mapped).ok().filter(|ascii| ascii.len() <= MAX_DOMAIN_CHARACTERS);
    // A last label of invisible characters leaves the dot before it, which is the root's.
    ascii.map_or_else(|| folded(domain), |ascii| ascii.trim_end_matches('.').to_owned())
}

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
    domain == "localhost" || is_host_name(domain) || address_literal(domain).is_some()
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

/// The address in `[192.0.2.1]` or `[2001:db8::1]`.
fn address_literal(domain: &str) -> Option<IpAddr> {
    domain.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    /// Made with Django 5.2.19; the folder's README says how.
    #[test]
    fn addresses_are_judged_as_django_judges_them() {
        let cases: Vec<(String, bool)> =
            serde_json::from_str(include_str!("../../testdata/django-emails.json")).unwrap();
        assert_eq!(cases.len(), 134);
        let different: Vec<_> = cases.iter().filter(|(text, valid)| Email::check(text).is_ok() != *valid).collect();
        assert!(different.is_empty(), "{different:#?}");
    }

    #[rstest]
    #[case::only_the_domain_is_put_in_lower_case("Ada@Example.COM", "Ada@example.com", "ada@example.com")]
    #[case::an_idn_domain_too("ada@BÜCHER.example", "ada@bücher.example", "ada@xn--bcher-kva.example")]
    #[case::a_punycode_domain_is_the_same(
        "ada@XN--bcher-kva.example",
        "ada@xn--bcher-kva.example",
        "ada@xn--bcher-kva.example"
    )]
    #[case::a_decomposed_letter_is_composed_to_identify(
        "a@bu\u{308}cher.de",
        "a@bu\u{308}cher.de",
        "a@xn--bcher-kva.de"
    )]
    #[case::full_width_letters_fold("a@ｅｘample.com", "a@ｅｘample.com", "a@example.com")]
    #[case::invisible_characters_vanish("a@exa\u{ad}m\u{200b}ple.com", "a@exa\u{ad}m\u{200b}ple.com", "a@example.com")]
    #[case::a_capital_sigma_at_the_end_of_a_word("s@x.ΑΣ", "s@x.ασ", "s@x.xn--mxa0b")]
    #[case::an_ipv6_address("a@[2001:DB8:0:0::1]", "a@[2001:db8:0:0::1]", "a@[2001:db8::1]")]
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
    fn the_length_is_told_first_then_nul_characters_then_the_form() {
        let messages = Email::parse(&"\0".repeat(255)).unwrap_err();
        let expected = ["Ensure this field has no more than 254 characters.", field::NUL_CHARACTER, INVALID];
        assert_eq!(messages, expected);
    }

    #[rstest]
    #[case::a_final_sigma("s@χαος.gr", "s@χαοσ.gr")]
    #[case::a_final_sigma_and_a_capital_one("s@χαος.gr", "S@ΧΑΟΣ.GR")]
    #[case::a_final_sigma_in_punycode("s@xn--mxa2ajr.gr", "s@χαοσ.gr")]
    #[case::an_ideographic_full_stop("a@例え\u{3002}jp.example", "a@例え.jp.example")]
    #[case::a_last_label_of_invisible_characters("a@example.com.\u{ad}\u{ad}", "a@example.com")]
    #[case::a_kelvin_sign("a@\u{212a}elvin.example", "a@kelvin.example")]
    fn two_spellings_are_one_user(#[case] one: &str, #[case] other: &str) {
        let canonical = |text: &str| Email::parse(text).unwrap().canonical();
        assert_eq!(canonical(one), canonical(other));
    }

    #[rstest]
    #[case::a_dotless_i("a@\u{131}x.example", "a@ix.example")]
    #[case::a_sharp_s("a@straße.example", "a@strasse.example")]
    #[case::another_domain("a@bücher.example", "a@bucher.example")]
    #[case::a_symbol_that_dns_refuses_and_none("a@\u{bb}x.example", "a@x.example")]
    fn two_domains_are_two_users(#[case] one: &str, #[case] other: &str) {
        let canonical = |text: &str| Email::parse(text).unwrap().canonical();
        assert_ne!(canonical(one), canonical(other));
    }

    #[test]
    fn a_domain_that_grows_when_it_is_mapped_still_fits_a_key() {
        // One character that UTS 46 maps to eighteen.
        let label = "\u{fdfa}".repeat(60);
        let email = Email::parse(&format!("a@{label}.{label}.{label}.com")).unwrap();
        assert!(email.canonical().len() < 1_024, "{}", email.canonical().len());
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
