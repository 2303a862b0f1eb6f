//! Password hashing: Argon2id, and the hashes of users who come from a Django service.

mod stored;

use std::{
    fmt, mem,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{self, Output, ParamsString, Salt},
};
use secrecy::{ExposeSecret, SecretString};
use stored::StoredHash;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::{
    Error,
    domain::PasswordHash,
    metrics::{self, Metric},
    passwords::{NewPassword, PasswordAttempt},
    random::Random,
};

/// The cost of a hash: OWASP's Password Storage Cheat Sheet, Argon2id, the first of its equivalent choices (m = 19 MiB in
/// KiB, t passes, p lanes). Every new hash has it, and so has the dummy hash for unknown users.
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
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(hash_error)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Whether an imported hash can be verified: its scheme is known, and its cost is within bounds.
///
/// # Errors
/// [`Error::Internal`] with the reason, and without any part of the hash.
pub fn check(hash: &PasswordHash) -> Result<(), Error> {
    StoredHash::parse(hash.expose()).map(drop)
}

/// Hashes and verifies passwords on threads for blocking work. Clones share the permits and the memory.
#[derive(Clone)]
pub struct Hasher {
    random: Random,
    /// One hash a core: more would not be faster, and each takes 19 MiB.
    cores: Arc<Semaphore>,
    all_cores: u32,
    /// Memory of finished hashes, for reuse: fresh memory costs a page fault every 4 KiB.
    memories: Arc<Mutex<Vec<Memory>>>,
}

/// Of 1 KiB each.
const BLOCKS: usize = MEMORY_KIB as usize;

/// The working memory of Argon2.
type Memory = Vec<Block>;

/// The core and the memory of one hash. However the work ends, even by a panic, the memory is wiped before it is reused, and the
/// core is released after that.
struct Loan {
    memory: Memory,
    memories: Arc<Mutex<Vec<Memory>>>,
    _core: OwnedSemaphorePermit,
}

impl Drop for Loan {
    fn drop(&mut self) {
        self.memory.fill(Block::new());
        // A hash of another cost may have needed more memory.
        self.memory.truncate(BLOCKS);
        self.memory.shrink_to(BLOCKS);
        let memory = mem::take(&mut self.memory);
        self.memories.lock().unwrap_or_else(PoisonError::into_inner).push(memory);
    }
}

/// The result of verifying a password.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// Not the password, or there is no hash.
    Wrong,
    /// The password.
    Right,
    /// The password, but the stored hash is weaker than current ones or of another scheme. This one should replace it.
    Outdated(PasswordHash),
}

impl Verdict {
    pub fn is_right(&self) -> bool {
        !matches!(self, Self::Wrong)
    }
}

impl Hasher {
    /// A hasher that runs as many hashes at once as there are cores.
    pub fn new(random: Random) -> Self {
        let all_cores = std::thread::available_parallelism().ok().and_then(|cores| u32::try_from(cores.get()).ok());
        let all_cores = all_cores.unwrap_or(1);
        let cores = Arc::new(Semaphore::new(all_cores as usize));
        Self { random, cores, all_cores, memories: Arc::default() }
    }

    /// Waits until no hash is running, not even one whose request was given up, and all memory is wiped. Await it before
    /// the response goes to Lambda, which then freezes the process. Other requests that hash wait meanwhile.
    pub async fn idle(&self) {
        // It is never closed.
        drop(self.cores.acquire_many(self.all_cores).await);
    }

    /// Hashes a new password with a random salt, as a PHC string.
    ///
    /// # Errors
    /// [`Error::Internal`] without randomness, memory or a thread.
    pub async fn hash(&self, password: NewPassword) -> Result<PasswordHash, Error> {
        self.hash_secret(password.into_secret()).await
    }

    /// Verifies a password. Without a hash, for an unknown user, the result is `Wrong`, after the same time and by the same control
    /// flow: it starts with a dummy hash, which a real one replaces, and always verifies.
    ///
    /// # Errors
    /// [`Error::Internal`] if the hash is malformed or its cost out of bounds, or without randomness, memory or a thread.
    pub async fn verify(&self, attempt: PasswordAttempt, hash: Option<PasswordHash>) -> Result<Verdict, Error> {
        let dummy = self.dummy()?;
        let known = hash.is_some();
        let hash = hash.unwrap_or(dummy);
        let new_salt = self.random.bytes::<16>()?;
        self.off_the_loop(move |memory| {
            let stored = StoredHash::parse(hash.expose())?;
            // A password that is too long is wrong. The empty one is hashed in its place, so that it takes as long.
            let matches = stored.matches(memory, &attempt)?;
            match attempt.normalised().filter(|_| matches && known) {
                None => Ok(Verdict::Wrong),
                Some(password) if stored.is_outdated() => {
                    Ok(Verdict::Outdated(self::hash(memory, password, &new_salt)?))
                }
                Some(_) => Ok(Verdict::Right),
            }
        })
        .await
    }

    /// A hash of the current cost without a known password: random bytes instead of Argon2's output.
    fn dummy(&self) -> Result<PasswordHash, Error> {
        phc_string(&argon2()?, &self.random.bytes()?, &self.random.bytes::<{ Params::DEFAULT_OUTPUT_LEN }>()?)
    }

    async fn hash_secret(&self, password: SecretString) -> Result<PasswordHash, Error> {
        let salt = self.random.bytes::<16>()?;
        self.off_the_loop(move |memory| hash(memory, password.expose_secret(), &salt)).await
    }

    /// Runs work of tens of milliseconds where it does not delay other requests.
    async fn off_the_loop<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let started = Instant::now();
        let mut loan = self.lend().await?;
        let (answer, answered) = oneshot::channel();
        // The work owns the loan, so that an abandoned request keeps its core and memory until the work is done.
        tokio::task::spawn_blocking(move || {
            // If the request was abandoned, nobody receives this.
            let _ = answer.send(work(&mut loan.memory));
            // Wiping the memory takes a twentieth of a hash, during which the request continues: see `idle`.
            drop(loan);
        });
        let result = answered.await.map_err(Error::internal)?;
        metrics::time(Metric::HashTime, started.elapsed());
        result
    }

    async fn lend(&self) -> Result<Loan, Error> {
        let core = self.cores.clone().acquire_owned().await.map_err(Error::internal)?;
        let memory = self.memories.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        Ok(Loan { memory, memories: self.memories.clone(), _core: core })
    }
}

/// Hashes a password with the cost of this service.
fn hash(memory: &mut Memory, password: &str, salt: &[u8; 16]) -> Result<PasswordHash, Error> {
    let argon2 = argon2()?;
    let output = digest(memory, &argon2, password, salt, Params::DEFAULT_OUTPUT_LEN)?;
    phc_string(&argon2, salt, &output)
}

/// Argon2's output as a PHC string.
fn phc_string(argon2: &Argon2<'_>, salt: &[u8; 16], output: &[u8]) -> Result<PasswordHash, Error> {
    let hash = phc::PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(argon2.params()).map_err(hash_error)?,
        salt: Some(Salt::new(salt).map_err(hash_error)?),
        hash: Some(Output::new(output).map_err(hash_error)?),
    };
    Ok(PasswordHash::new(hash.to_string()))
}

/// Computes `length` bytes of Argon2's output.
fn digest(
    memory: &mut Memory,
    argon2: &Argon2<'_>,
    password: &str,
    salt: &[u8],
    length: usize,
) -> Result<Vec<u8>, Error> {
    let mut output = vec![0; length];
    let blocks = argon2.params().block_count();
    if memory.len() != blocks {
        // Data left behind by shrinking or moving could not be wiped later.
        memory.fill(Block::new());
        memory.resize(blocks, Block::new());
    }
    argon2.hash_password_into_with_memory(password.as_bytes(), salt, &mut output, memory).map_err(hash_error)?;
    Ok(output)
}

/// A hash that cannot be computed or parsed. The error does not contain it.
fn hash_error(reason: impl fmt::Display) -> Error {
    Error::internal(format!("password hash: {reason}"))
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hasher")
    }
}

#[cfg(test)]
mod tests;
