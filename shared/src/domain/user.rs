//! Users.

use std::{fmt, num::ParseIntError, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{Email, Username};
use crate::random::{self, Random};

/// A user's id: 1 to 2^53 - 1, which a JavaScript number holds exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct UserId(u64);

impl UserId {
    /// The greatest id.
    pub const MAX: u64 = (1 << 53) - 1;

    /// The id with this number, if it is in range.
    pub fn new(number: u64) -> Option<Self> {
        (1..=Self::MAX).contains(&number).then_some(Self(number))
    }

    /// A new random id. Registrations need not queue at a counter, and ids do not reveal how many users there are.
    ///
    /// # Errors
    /// When the generator fails.
    pub fn random(random: &Random) -> Result<Self, random::Failed> {
        let number = u64::from_be_bytes(random.bytes()?) & Self::MAX;
        // 0 is the only one of 2^53 numbers that is not an id.
        Ok(Self(number.max(1)))
    }

    pub fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What all valid tokens of a user have in common. A new generation, for example with a new password, revokes all tokens and
/// sessions of the user at once, whatever any clock says.
///
/// A random number, only compared for equality: a counter would start again for a user who is deleted and imported again, and
/// make revoked tokens valid. An attacker cannot make the service draw again and again, so 32 bits are enough; functions of the
/// previous version can read them too while a new one is deployed. Users created before generations were random have small ones,
/// or none, which reads as 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Generation(u32);

impl Generation {
    /// A new random generation, never 0.
    ///
    /// # Errors
    /// When the generator fails.
    pub fn random(random: &Random) -> Result<Self, random::Failed> {
        Ok(Self(u32::from_be_bytes(random.bytes()?).max(1)))
    }

    /// Whether it is the generation of items that have none.
    pub(crate) fn is_unnamed(&self) -> bool {
        self.0 == 0
    }

    pub fn get(self) -> u32 {
        self.0
    }
}

impl FromStr for Generation {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// The holder of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    pub user: UserId,
    /// The user's generation when the token was issued.
    pub generation: Generation,
}

/// A user's profile, as clients see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct User {
    /// Never changes.
    pub id: UserId,
    /// Unique; case counts.
    pub username: Username,
    /// Unique without regard to case.
    pub email: Email,
}

/// Which of the requested values belong to another user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    pub username: bool,
    pub email: bool,
}

/// Why users are not as a caller wanted them. Nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// These values belong to another user.
    #[error("{0}")]
    Taken(Taken),
    /// The user was deleted, or is disabled where that matters.
    #[error("the user no longer exists")]
    Gone,
    /// All tokens of the user were revoked after this one was issued.
    #[error("the user's tokens were revoked")]
    Revoked,
    /// Others changed the same account at each attempt.
    #[error("the user was changed at the same time")]
    Conflict,
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.username, self.email) {
            (true, true) => "username and email already in use",
            (true, false) => "username already in use",
            _ => "email already in use",
        })
    }
}

/// Which fields of a profile a request changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changed {
    pub username: bool,
    pub email: bool,
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::zero(0, false)]
    #[case::one(1, true)]
    #[case::the_greatest(9_007_199_254_740_991, true)]
    #[case::one_more_than_the_greatest(9_007_199_254_740_992, false)]
    fn an_id_is_a_number_that_javascript_holds(#[case] number: u64, #[case] valid: bool) {
        assert_eq!(UserId::new(number).is_some(), valid);
    }

    #[rstest]
    #[case::all_bits_clear(0x00, 1)]
    #[case::all_bits_set(0xff, UserId::MAX)]
    fn a_random_id_is_in_range_whatever_is_drawn(#[case] byte: u8, #[case] expected: u64) {
        let random = Random::new(move |bytes| bytes.fill(byte));
        assert_eq!(UserId::random(&random).unwrap().get(), expected);
    }
}
