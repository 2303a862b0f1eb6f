//! Users.

use std::{fmt, num::ParseIntError, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{Email, Username};
use crate::random::{self, Random};

/// A user's number: 1 to 2^53 - 1, which a JavaScript number holds exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct UserId(u64);

impl UserId {
    /// The greatest id.
    pub const MAX: u64 = (1 << 53) - 1;

    /// The id with this number, when it is in range.
    pub fn new(number: u64) -> Option<Self> {
        (1..=Self::MAX).contains(&number).then_some(Self(number))
    }

    /// A new id, drawn from all of them: there is no counter that registrations would queue at, and nothing from which
    /// to count the users.
    ///
    /// # Errors
    /// When the generator fails.
    pub fn random(random: &Random) -> Result<Self, random::Failed> {
        let number = u64::from_be_bytes(random.bytes()?) & Self::MAX;
        // Of 2^53 numbers, 0 alone is no id.
        Ok(Self(number.max(1)))
    }

    /// The number.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What all tokens of a user have in common until they are voided at once, as a new password does it. Tokens and sessions of
/// another generation than the user's are void, whatever any clock says.
///
/// A random number, compared for equality alone: a count would begin anew with a user who is deleted and imported again, and
/// revive what was void. Nobody can try again and again to draw the same, so that 32 bits do, which functions of a version
/// before read too while a new one is deployed. Users from before generations were random have small ones, or none, which
/// reads as 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Generation(u32);

impl Generation {
    /// A new one, which no item leaves unnamed.
    ///
    /// # Errors
    /// When the generator fails.
    pub fn random(random: &Random) -> Result<Self, random::Failed> {
        Ok(Self(u32::from_be_bytes(random.bytes()?).max(1)))
    }

    /// Whether it is that of items which name none.
    pub(crate) fn is_unnamed(&self) -> bool {
        self.0 == 0
    }

    /// The number.
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

/// Whom a token is issued to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// The user.
    pub user: UserId,
    /// The user's generation at that time.
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

/// What a user asked for and another one has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// The name is another user's.
    pub username: bool,
    /// The address is another user's.
    pub email: bool,
}

/// The fields that a change of a profile changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changed {
    /// The name.
    pub username: bool,
    /// The address.
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
