//! User names.

use serde::Serialize;
use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use super::{
    UserId,
    field::{self, Field, Message, Rules},
};

/// A user name: 1 to 150 Unicode letters, digits and `@ . + - _`, in NFKC, case kept. Django's
/// `UnicodeUsernameValidator`, after Django's normalisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Username(String);

const MAX_CHARACTERS: usize = 150;
const INVALID: &str = "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.";

impl Username {
    /// The default name: `user<id>`.
    pub fn from_id(id: UserId) -> Self {
        Self(format!("user{id}"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A name that was valid when it was stored.
    pub(crate) fn stored(name: String) -> Self {
        Self(name)
    }
}

impl Field for Username {
    const NAME: &'static str = "username";
}

impl Rules for Username {
    fn check(text: &str) -> Result<Self, Vec<Message>> {
        let name: String = text.nfkc().collect();
        let (valid, nul) = (name.chars().all(is_allowed), name.contains('\0'));
        let long = name.chars().count() > MAX_CHARACTERS;
        field::checked(
            Self(name),
            [(long, field::too_long(MAX_CHARACTERS)), (nul, field::NUL_CHARACTER.into()), (!valid, INVALID.into())],
        )
    }
}

/// What Python's `\w` matches, and the five signs. Marks are not among it: `char::is_alphanumeric` would take the vowel
/// signs of Indic scripts, which Django refuses.
fn is_allowed(c: char) -> bool {
    matches!(c.general_category_group(), GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number)
        || matches!(c, '@' | '.' | '+' | '-' | '_')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    /// Made with Django 5.2.19; the folder's README says how.
    #[test]
    fn names_are_judged_as_django_judges_them() {
        let cases: Vec<(String, Option<String>)> =
            serde_json::from_str(include_str!("../../testdata/django-usernames.json")).unwrap();
        assert_eq!(cases.len(), 68);
        for (text, expected) in cases {
            assert_eq!(Username::check(&text).ok().map(|name| name.0), expected, "{text:?}");
        }
    }

    #[rstest]
    #[case::of_150_characters(&"é".repeat(150), &[])]
    #[case::of_151_characters(&"é".repeat(151), &["Ensure this field has no more than 150 characters."])]
    #[case::of_decomposed_letters_that_compose_to_150(&"e\u{301}".repeat(150), &[])]
    #[case::with_a_blank("a b", &[INVALID])]
    #[case::with_nul("a\0b", &[field::NUL_CHARACTER, INVALID])]
    #[case::too_long_and_wrong(&"!".repeat(151), &["Ensure this field has no more than 150 characters.", INVALID])]
    #[case::too_long_wrong_and_with_nul(&"\0".repeat(151), &[
        "Ensure this field has no more than 150 characters.",
        field::NUL_CHARACTER,
        INVALID,
    ])]
    #[case::blank(" \u{3000}", &[field::BLANK])]
    #[case::empty("", &[field::BLANK])]
    fn a_name_is_told_all_that_is_wrong_with_it(#[case] name: &str, #[case] expected: &[&str]) {
        assert_eq!(Username::parse(name).err().unwrap_or_default(), expected);
    }

    proptest! {
        #[test]
        fn no_string_makes_it_panic_and_what_it_takes_it_takes_again(text in any::<String>()) {
            if let Ok(name) = Username::parse(&text) {
                prop_assert_eq!(Username::parse(name.as_str()), Ok(name));
            }
        }

        #[test]
        fn any_ordinary_name_is_taken_unchanged(text in "[a-zA-Z0-9@.+_-]{1,150}") {
            let name = Username::parse(&text).unwrap();
            prop_assert_eq!(name.as_str(), text);
        }
    }
}
