//! Password hashing: Argon2id.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{self, Output, ParamsString, Salt},
};
use aws_lc_rs::constant_time;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{OnceCell, Semaphore};

#[cfg(feature = "password-rules")]
use crate::domain::NewPassword;
use crate::{Error, domain::PasswordAttempt, random::Random, store::PasswordHash};

/// The cost of a hash: OWASP's Password Storage Cheat Sheet, Argon2id, the first of its equivalent choices (m = 19 MiB in
/// KiB, t passes, p lanes). Every new hash has it, and so has the dummy that stands in for an unknown user's.
pub const MEMORY_KIB: u32 = 19_456;
/// See [`MEMORY_KIB`].
pub const PASSES: u32 = 2;
/// See [`MEMORY_KIB`].
pub const LANES: u32 = 1;

/// Argon2id with the cost of this service.
///
/// # Errors
/// [`Error::Internal`] when the cost is out of Argon2's range.
pub fn argon2() -> Result<Argon2<'static>, Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(unhashed)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Hashes and verifies passwords, on a thread where it may take its time. Clones share the cores, the memory and the dummy.
#[derive(Clone)]
pub struct Hasher {
    random: Random,
    dummy: Arc<OnceCell<PasswordHash>>,
    /// One hash a core: more at once would be no faster, and each holds 19 MiB.
    cores: Arc<Semaphore>,
    /// The memory of hashes that are done, for those to come: fresh memory costs a page fault every 4 KiB.
    memories: Arc<Mutex<Vec<Memory>>>,
}

/// What Argon2 works in.
type Memory = Vec<Block>;

impl Hasher {
    pub(crate) fn new(random: Random) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { random, dummy: Arc::default(), cores: Arc::new(Semaphore::new(cores)), memories: Arc::default() }
    }

    /// The hash of a new password, as a PHC string with a salt of its own.
    ///
    /// # Errors
    /// [`Error::Internal`] when there is no randomness, no memory or no thread.
    #[cfg(feature = "password-rules")]
    pub async fn hash(&self, password: NewPassword) -> Result<PasswordHash, Error> {
        self.hash_secret(password.into_secret()).await
    }

    /// Whether this is the password that was hashed. Without a hash, for an unknown user, it is not; to find that out takes
    /// as long, and the control flow is the same: the dummy is there from the start, a real hash overwrites it, and a
    /// password is always verified.
    ///
    /// # Errors
    /// [`Error::Internal`] when the hash is none, or there is no memory or no thread.
    pub async fn verify(&self, attempt: PasswordAttempt, hash: Option<PasswordHash>) -> Result<bool, Error> {
        let dummy = self.dummy().await?;
        let known = hash.is_some();
        let hash = hash.unwrap_or(dummy);
        // A password that is too long is wrong without being hashed; the empty one is, so that it takes as long.
        let matches = self.off_the_loop(move |memory| {
            let password = attempt.expose();
            Ok(matches(memory, password.unwrap_or_default(), &hash)? && password.is_some())
        });
        Ok(matches.await? && known)
    }

    /// Makes the dummy, so that the first login does not wait for it. Failing is no harm: that login tries again.
    pub async fn warm_up(&self) {
        if let Err(error) = self.dummy().await {
            tracing::warn!(event = "hashing_failed", %error);
        }
    }

    /// A hash of the current cost that no password has: of random bytes that nobody keeps.
    async fn dummy(&self) -> Result<PasswordHash, Error> {
        let make = || async {
            let unknown = BASE64_URL_SAFE_NO_PAD.encode(self.random.bytes::<32>()?);
            self.hash_secret(unknown.into()).await
        };
        self.dummy.get_or_try_init(make).await.cloned()
    }

    async fn hash_secret(&self, password: SecretString) -> Result<PasswordHash, Error> {
        let salt = self.random.bytes::<16>()?;
        self.off_the_loop(move |memory| hash(memory, password.expose_secret(), &salt)).await
    }

    /// Runs what takes tens of milliseconds where no other request waits for it.
    async fn off_the_loop<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        // Both go along, so that a request that is given up keeps its core and its memory until the work is done.
        let core = self.cores.clone().acquire_owned().await.map_err(Error::internal)?;
        let memories = self.memories.clone();
        let work = move || {
            let spare = || memories.lock().unwrap_or_else(PoisonError::into_inner);
            let mut memory = spare().pop().unwrap_or_default();
            let result = work(&mut memory);
            spare().push(memory);
            drop(core);
            result
        };
        tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
    }
}

/// The hash of a password with the cost of this service.
fn hash(memory: &mut Memory, password: &str, salt: &[u8; 16]) -> Result<PasswordHash, Error> {
    let argon2 = argon2()?;
    let output = digest(memory, &argon2, password, salt, Params::DEFAULT_OUTPUT_LEN)?;
    let hash = phc::PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(argon2.params()).map_err(unhashed)?,
        salt: Some(Salt::new(salt).map_err(unhashed)?),
        hash: Some(Output::new(&output).map_err(unhashed)?),
    };
    Ok(PasswordHash::new(hash.to_string()))
}

/// Whether the password has this hash, at the cost that the hash names.
fn matches(memory: &mut Memory, password: &str, hash: &PasswordHash) -> Result<bool, Error> {
    let hash = phc::PasswordHash::new(hash.expose()).map_err(unhashed)?;
    let (Some(salt), Some(expected)) = (hash.salt, hash.hash) else { return Err(unhashed("no salt or no hash")) };
    if hash.algorithm != Algorithm::Argon2id.ident() || hash.version != Some(Version::V0x13.into()) {
        return Err(unhashed("another algorithm"));
    }
    let params = Params::try_from(&hash.params).map_err(unhashed)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let output = digest(memory, &argon2, password, &salt, expected.len())?;
    Ok(constant_time::verify_slices_are_equal(&output, expected.as_bytes()).is_ok())
}

/// So many bytes of Argon2's output.
fn digest(
    memory: &mut Memory,
    argon2: &Argon2<'_>,
    password: &str,
    salt: &[u8],
    length: usize,
) -> Result<Vec<u8>, Error> {
    let mut output = vec![0; length];
    memory.resize(argon2.params().block_count(), Block::new());
    argon2.hash_password_into_with_memory(password.as_bytes(), salt, &mut output, memory).map_err(unhashed)?;
    Ok(output)
}

/// A hash that can not be made, or that is none. Its text is not told.
fn unhashed(reason: impl fmt::Display) -> Error {
    Error::internal(format!("password hash: {reason}"))
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hasher")
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::domain::Field;

    fn attempt(password: &str) -> PasswordAttempt {
        PasswordAttempt::parse(password).unwrap()
    }

    async fn hashed(hasher: &Hasher, password: &str) -> PasswordHash {
        hasher.hash_secret(SecretString::from(password)).await.unwrap()
    }

    #[tokio::test]
    async fn the_hash_is_a_phc_string_of_the_stated_cost_with_a_salt_of_16_bytes() {
        let hash = hashed(&Hasher::new(Random::system()), "correct horse").await;
        let parsed = phc::PasswordHash::new(hash.expose()).unwrap();
        assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.expose());
        assert_eq!(parsed.salt.unwrap().len(), 16);
    }

    #[tokio::test]
    async fn two_hashes_of_one_password_differ() {
        let hasher = Hasher::new(Random::system());
        assert_ne!(hashed(&hasher, "correct horse").await.expose(), hashed(&hasher, "correct horse").await.expose());
    }

    #[tokio::test]
    async fn only_the_password_that_was_hashed_is_right() {
        let hasher = Hasher::new(Random::system());
        let hash = hashed(&hasher, "correct horse").await;
        assert!(hasher.verify(attempt("correct horse"), Some(hash.clone())).await.unwrap());
        for wrong in ["Correct horse", "correct horse ", " correct horse", "correct"] {
            assert!(!hasher.verify(attempt(wrong), Some(hash.clone())).await.unwrap(), "{wrong:?}");
        }
    }

    /// By another implementation: `argon2-cffi` 25.1.0, `hash_secret` with `hash_len` 16 and 32.
    #[rstest]
    #[case::of_16_bytes("$argon2id$v=19$m=19456,t=2,p=1$c2l4dGVlbiBieXRlcyAuLg$2WG2PPol/lCSBLmz3Hc2qg")]
    #[case::of_32_bytes(
        "$argon2id$v=19$m=19456,t=2,p=1$c2l4dGVlbiBieXRlcyAuLg$IlO2V59Tdtb9LK4zQ3rYz0BJfh+4P3PuYL6sZh8sMZ8"
    )]
    #[tokio::test]
    async fn a_hash_that_another_implementation_made_is_verified(#[case] stored: &str) {
        let hasher = Hasher::new(Random::system());
        let hash = PasswordHash::new(stored.into());
        assert!(hasher.verify(attempt("correct horse battery staple"), Some(hash.clone())).await.unwrap());
        assert!(!hasher.verify(attempt("wrong horse battery staple"), Some(hash)).await.unwrap());
    }

    #[tokio::test]
    async fn no_password_is_right_for_an_unknown_user() {
        let hasher = Hasher::new(Random::new(|bytes| bytes.fill(0)));
        let dummys_own = BASE64_URL_SAFE_NO_PAD.encode([0; 32]);
        assert!(!hasher.verify(attempt(&dummys_own), None).await.unwrap());
    }

    #[tokio::test]
    async fn an_attempt_that_is_too_long_is_wrong_even_where_the_empty_password_would_be_right() {
        let hasher = Hasher::new(Random::system());
        let hash_of_nothing = hashed(&hasher, "").await;
        assert!(!hasher.verify(attempt(&"x".repeat(129)), Some(hash_of_nothing)).await.unwrap());
    }

    #[rstest]
    #[case::nothing("")]
    #[case::plain_text("correct horse")]
    #[case::another_scheme("$2b$12$abcdefghijklmnopqrstuu")]
    #[tokio::test]
    async fn a_stored_hash_that_is_none_denies(#[case] stored: &str) {
        let hasher = Hasher::new(Random::system());
        let result = hasher.verify(attempt("correct horse"), Some(PasswordHash::new(stored.into()))).await;
        assert!(matches!(result, Err(Error::Internal(_))), "{result:?}");
    }
}
