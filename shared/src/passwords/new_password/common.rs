//! Which passwords are common: those of a list, the service's own names, and either with what people add to get past a rule
//! or to renew a password. Whoever tries one password at many accounts begins with these.
//!
//! Django refuses the list alone. What goes beyond is refused only when nothing is left but one word: a phrase with a common
//! word in it is not common.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;

/// One a line, in lower case, sorted by bytes. The folder's README tells where they come from.
const LISTED: &str = include_str!("../../../data/common-passwords.txt");

/// The most characters of a line.
const LONGEST: usize = 33;

/// The fewest characters of a word that may have something around it. The list has shorter lines; they turn up in random
/// passwords too.
const SHORTEST: usize = 4;

/// The fewest letters of such a word, and of a word of the service. Digits and signs can stand for all others, but not for
/// more than [`MAX_SHARE`] allows, for the same reason.
const MIN_LETTERS: usize = 3;

/// A word has at most so many times as many characters as letters.
const MAX_SHARE: usize = 3;

/// The first of the arrows, pictographs and emoji, which nobody tries around a word.
const FIRST_PICTOGRAPH: char = '\u{2190}';

/// The names of this service, for every operator.
const OWN_NAMES: [&str; 2] = ["pyshop", "auth"];

/// The list with the words of one service.
#[derive(Debug, Clone)]
pub(super) struct CommonPasswords {
    /// Letters only, in lower case.
    service_words: Vec<String>,
}

impl CommonPasswords {
    /// With these words of the service, separated by commas or blanks, and its own names.
    pub(super) fn new(service_words: &str) -> Self {
        let words = service_words.split(|c: char| c == ',' || c.is_whitespace()).chain(OWN_NAMES);
        let words = words.map(|word| letters(&word.nfc().collect::<String>().to_lowercase()));
        Self { service_words: words.filter(|word| word.chars().count() >= MIN_LETTERS).collect() }
    }

    /// Whether a password is common, without regard to case:
    ///
    /// - it is in the list, whatever blanks and signs are around it;
    /// - its letters are words of the service;
    /// - it is a word of the list, as it stands or in leet, or words of the service in leet, with digits and signs around.
    pub(super) fn has(&self, password: &str) -> bool {
        let lower = password.to_lowercase();
        let text = lower.trim();
        let without_signs = text.trim_matches(|c: char| is_decoration(c) && !c.is_numeric());
        is_listed(text)
            || (without_signs.chars().count() >= SHORTEST && is_listed(without_signs))
            || self.is_of_the_service(text)
            || bare(text).iter().any(|word| {
                is_listed(word) || without_leet(word).iter().any(|word| is_listed(word) || self.is_of_the_service(word))
            })
    }

    /// Whether the letters of a text are nothing but words of the service, one or several, and not lost among other characters.
    fn is_of_the_service(&self, text: &str) -> bool {
        let all = text.chars().count();
        let text = letters(text);
        if all > MAX_SHARE * text.chars().count() {
            return false;
        }
        // The places that words lead to, one behind the other: each is looked at once, however many ways lead there.
        let mut places = BTreeSet::from([0_usize]);
        while let Some(place) = places.pop_first() {
            let rest = text.get(place..).unwrap_or_default();
            if rest.is_empty() {
                return place > 0;
            }
            let words = self.service_words.iter().filter(|word| rest.starts_with(word.as_str()));
            places.extend(words.map(|word| place + word.len()));
        }
        false
    }
}

/// Whether the list has this line. Each step halves the part of the list that is left, at the beginning of a line.
fn is_listed(wanted: &str) -> bool {
    let mut rest = LISTED;
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

/// What a word may be once digits and signs are taken away around it. How many is open, since some may stand for letters: all
/// numbers of them are tried, a few hundred at the most.
fn bare(text: &str) -> Vec<String> {
    let text: Vec<char> = text.chars().collect();
    let text = text.as_slice();
    let letters = text.iter().filter(|c| c.is_alphabetic()).count();
    if letters < MIN_LETTERS {
        return Vec::new();
    }
    let first = text.iter().position(|c| !is_decoration(*c)).unwrap_or(text.len());
    let behind = text.iter().rposition(|c| !is_decoration(*c)).map_or(0, |last| last + 1);
    let lengths = SHORTEST..=LONGEST.min(MAX_SHARE * letters);
    (0..=first)
        .flat_map(|start| (behind..=text.len()).filter_map(move |end| text.get(start..end)))
        .filter(|word| lengths.contains(&word.len()))
        .map(|word| word.iter().collect())
        .collect()
}

/// What leet may stand for; its strokes are an i or an l.
fn without_leet(word: &str) -> [String; 2] {
    ['i', 'l'].map(|stroke| {
        let letter = |c| match c {
            '@' | '4' => 'a',
            '8' => 'b',
            '3' => 'e',
            '9' => 'g',
            '0' => 'o',
            '$' | '5' => 's',
            '+' | '7' => 't',
            '!' | '1' | '|' => stroke,
            other => other,
        };
        word.chars().map(letter).collect()
    })
}

/// Whether it is a digit, a sign or a blank, such as people put around a word.
fn is_decoration(c: char) -> bool {
    c.is_numeric() || c.is_whitespace() || (!c.is_alphabetic() && c < FIRST_PICTOGRAPH)
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphabetic()).collect()
}

#[cfg(test)]
mod tests;
