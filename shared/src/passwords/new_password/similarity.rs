//! Which passwords are too much like another value: Django's `UserAttributeSimilarityValidator`.

use std::collections::HashMap;

/// Two strings are too similar when this share of their characters is common to both.
const MAX_SIMILARITY: f64 = 0.7;

/// Whether the password is too similar to the value, or to one of the value's words.
pub(super) fn is_similar(password: &str, value: &str) -> bool {
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

    use super::*;

    /// Made with Django 5.2.19; how is said in the folder's README.
    #[test]
    fn statement_4_likeness_is_judged_as_django_judges_it() {
        let cases: Vec<(String, String, bool)> =
            serde_json::from_str(include_str!("../../../testdata/django-similarity.json")).unwrap();
        assert_eq!(cases.len(), 400);
        for (password, value, similar) in cases {
            assert_eq!(is_similar(&password, &value), similar, "{password:?} and {value:?}");
        }
    }

    proptest! {
        #[test]
        fn likeness_is_a_share(a in "\\PC{0,40}", b in "\\PC{1,40}") {
            let share = similarity(&a, &b);
            prop_assert!((0.0..=1.0).contains(&share));
            prop_assert_eq!(similarity(&b, &b), 1.0);
        }
    }
}
