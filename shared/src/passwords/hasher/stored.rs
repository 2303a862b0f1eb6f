//! Hashes as they are stored: ours, and those that users of a Django service bring along.

use std::{num::NonZeroU32, ops::RangeInclusive};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::phc::{self, Output, Salt},
};
use aws_lc_rs::{constant_time, pbkdf2};
use base64::{Engine, prelude::BASE64_STANDARD};

use super::{LANES, MEMORY_KIB, Memory, PASSES, digest, hash_error};
use crate::{Error, passwords::PasswordAttempt};

/// What a stored hash may cost to verify. A login must end before its function does, with a processor to itself: the dearest
/// of each takes some two seconds. Django's own defaults are 100 MiB, 2 passes and 8 lanes; up to 1.2 million iterations.
const ARGON2_MEMORY_KIB: RangeInclusive<u32> = 8..=262_144;
const ARGON2_PASSES: RangeInclusive<u32> = 1..=8;
const ARGON2_LANES: RangeInclusive<u32> = 1..=16;
const PBKDF2_ITERATIONS: RangeInclusive<u32> = 1_000..=5_000_000;

/// The length of SHA-256, which is all of PBKDF2's output that Django keeps.
const PBKDF2_OUTPUT_BYTES: usize = 32;

/// A stored hash that can be verified.
#[derive(Debug)]
pub(super) enum StoredHash {
    /// `$argon2id$v=19$…`, a PHC string; behind `argon2` where Django made it, whose releases 1.10 to 3.1 made `$argon2i$`.
    Argon2 { algorithm: Algorithm, params: Params, salt: Salt, output: Output, by_django: bool },
    /// `pbkdf2_sha256$<iterations>$<salt>$<output in base64>`, as Django makes it by default.
    Pbkdf2Sha256 { iterations: NonZeroU32, salt: String, output: Vec<u8> },
}

impl StoredHash {
    /// Reads a hash.
    ///
    /// # Errors
    /// [`Error::Internal`] when it is of no scheme that is known here, or its cost is out of bounds.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        match text.split_once('$') {
            Some(("", _)) => Self::parse_argon2(text, false),
            Some(("argon2", phc)) => Self::parse_argon2(&format!("${phc}"), true),
            Some(("pbkdf2_sha256", rest)) => Self::parse_pbkdf2(rest),
            _ => Err(hash_error("another scheme")),
        }
    }

    fn parse_argon2(phc: &str, by_django: bool) -> Result<Self, Error> {
        let hash = phc::PasswordHash::new(phc).map_err(hash_error)?;
        let (Some(salt), Some(output)) = (hash.salt, hash.hash) else { return Err(hash_error("no salt or no hash")) };
        let made: &[Algorithm] =
            if by_django { &[Algorithm::Argon2id, Algorithm::Argon2i] } else { &[Algorithm::Argon2id] };
        let algorithm = made.iter().copied().find(|algorithm| hash.algorithm == algorithm.ident());
        let algorithm = algorithm.filter(|_| hash.version == Some(Version::V0x13.into()));
        let algorithm = algorithm.ok_or_else(|| hash_error("another algorithm"))?;
        let params = Params::try_from(&hash.params).map_err(hash_error)?;
        let is_bounded = ARGON2_MEMORY_KIB.contains(&params.m_cost())
            && ARGON2_PASSES.contains(&params.t_cost())
            && ARGON2_LANES.contains(&params.p_cost());
        if !is_bounded {
            return Err(hash_error("a cost out of bounds"));
        }
        Ok(Self::Argon2 { algorithm, params, salt, output, by_django })
    }

    fn parse_pbkdf2(text: &str) -> Result<Self, Error> {
        let parts: Vec<_> = text.split('$').collect();
        let [iterations, salt, output] = parts.try_into().map_err(|_| hash_error("not in three parts"))?;
        let iterations = iterations.parse().ok().filter(|count: &NonZeroU32| PBKDF2_ITERATIONS.contains(&count.get()));
        let iterations = iterations.ok_or_else(|| hash_error("iterations out of bounds"))?;
        let output = BASE64_STANDARD.decode(output).map_err(hash_error)?;
        if salt.is_empty() || output.len() != PBKDF2_OUTPUT_BYTES {
            return Err(hash_error("no salt, or a hash that is not whole"));
        }
        Ok(Self::Pbkdf2Sha256 { iterations, salt: salt.into(), output })
    }

    /// Whether the attempt has this hash, at the cost that the hash names.
    pub(super) fn matches(&self, memory: &mut Memory, attempt: &PasswordAttempt) -> Result<bool, Error> {
        match self {
            Self::Argon2 { algorithm, params, salt, output, by_django } => {
                // Django hashes a password as it was sent.
                let password = if *by_django { attempt.as_sent() } else { attempt.normalised() };
                let argon2 = Argon2::new(*algorithm, Version::V0x13, params.clone());
                let found = digest(memory, &argon2, password.unwrap_or_default(), salt, output.len())?;
                Ok(constant_time::verify_slices_are_equal(&found, output.as_bytes()).is_ok())
            }
            Self::Pbkdf2Sha256 { iterations, salt, output } => {
                let password = attempt.as_sent().unwrap_or_default().as_bytes();
                let algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
                Ok(pbkdf2::verify(algorithm, *iterations, salt.as_bytes(), password, output).is_ok())
            }
        }
    }

    /// Whether it should be replaced: another scheme, or weaker than current hashes.
    pub(super) fn is_outdated(&self) -> bool {
        match self {
            // Argon2i is replaced in any case: only Django's is taken.
            Self::Argon2 { params, salt, output, by_django, .. } => {
                let is_weaker = params.m_cost() < MEMORY_KIB || params.t_cost() < PASSES || params.p_cost() < LANES;
                *by_django || is_weaker || salt.len() < 16 || output.len() < Params::DEFAULT_OUTPUT_LEN
            }
            Self::Pbkdf2Sha256 { .. } => true,
        }
    }
}
