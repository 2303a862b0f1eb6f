//! Password hashing: Argon2id, and the hashes that users of a Django service bring along.

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

/// Whether a hash that comes from elsewhere can be verified: its scheme is known, and its cost within bounds.
///
/// # Errors
/// [`Error::Internal`], which tells why not and nothing of the hash.
pub fn check(hash: &PasswordHash) -> Result<(), Error> {
    StoredHash::parse(hash.expose()).map(drop)
}

/// Hashes and verifies passwords, on a thread where it may take its time. Clones share the cores and the memory.
#[derive(Clone)]
pub struct Hasher {
    random: Random,
    /// One hash a core: more at once would be no faster, and each holds 19 MiB.
    cores: Arc<Semaphore>,
    /// How many there are.
    all_cores: u32,
    /// The memory of hashes that are done, for those to come: fresh memory costs a page fault every 4 KiB.
    memories: Arc<Mutex<Vec<Memory>>>,
}

/// Of 1 KiB each.
const BLOCKS: usize = MEMORY_KIB as usize;

/// What Argon2 works in.
type Memory = Vec<Block>;

/// The core and the memory of one hash. However its work ends, by a panic too, the memory is wiped before it is there for
/// another, and the core is free after that.
struct Loan {
    memory: Memory,
    /// Where the memory goes back to.
    memories: Arc<Mutex<Vec<Memory>>>,
    _core: OwnedSemaphorePermit,
}

impl Drop for Loan {
    fn drop(&mut self) {
        self.memory.fill(Block::new());
        // A hash of another cost may have taken more than those to come need.
        self.memory.truncate(BLOCKS);
        self.memory.shrink_to(BLOCKS);
        let memory = mem::take(&mut self.memory);
        self.memories.lock().unwrap_or_else(PoisonError::into_inner).push(memory);
    }
}

/// What an attempt is worth.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// It is not the password, or there is none.
    Wrong,
    /// It is the password.
    Right,
    /// It is the password, and its stored hash is weaker than those of today or of another scheme: this is to replace it.
    Outdated(PasswordHash),
}

impl Verdict {
    /// Whether it is the password.
    pub fn is_right(&self) -> bool {
        !matches!(self, Self::Wrong)
    }
}

impl Hasher {
    /// With as many hashes at once as there are cores.
    pub fn new(random: Random) -> Self {
        let all_cores = std::thread::available_parallelism().ok().and_then(|cores| u32::try_from(cores.get()).ok());
        let all_cores = all_cores.unwrap_or(1);
        let cores = Arc::new(Semaphore::new(all_cores as usize));
        Self { random, cores, all_cores, memories: Arc::default() }
    }

    /// Waits until no hash is running, not even one whose request was given up, and all memory is wiped. Await it before an
    /// answer is handed to Lambda, which freezes the process afterwards. Other requests that hash wait meanwhile.
    pub async fn idle(&self) {
        // It is never closed.
        drop(self.cores.acquire_many(self.all_cores).await);
    }

    /// The hash of a new password, as a PHC string with a salt of its own.
    ///
    /// # Errors
    /// [`Error::Internal`] when there is no randomness, no memory or no thread.
    pub async fn hash(&self, password: NewPassword) -> Result<PasswordHash, Error> {
        self.hash_secret(password.into_secret()).await
    }

    /// Whether this is the password that was hashed. Without a hash, for an unknown user, it is not; to find that out takes
    /// as long, and the control flow is the same: the dummy is there from the start, a real hash overwrites it, and a
    /// password is always verified.
    ///
    /// # Errors
    /// [`Error::Internal`] when the hash is none or its cost is out of bounds, or there is no randomness, no memory or no
    /// thread.
    pub async fn verify(&self, attempt: PasswordAttempt, hash: Option<PasswordHash>) -> Result<Verdict, Error> {
        let dummy = self.dummy()?;
        let known = hash.is_some();
        let hash = hash.unwrap_or(dummy);
        let new_salt = self.random.bytes::<16>()?;
        self.off_the_loop(move |memory| {
            let stored = StoredHash::parse(hash.expose())?;
            // A password that is too long is wrong without being hashed; the empty one is, so that it takes as long.
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

    /// A hash of the current cost that no password is known for: random bytes in the place of Argon2's.
    fn dummy(&self) -> Result<PasswordHash, Error> {
        phc_string(&argon2()?, &self.random.bytes()?, &self.random.bytes::<{ Params::DEFAULT_OUTPUT_LEN }>()?)
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
        let started = Instant::now();
        let mut loan = self.lend().await?;
        let (answer, answered) = oneshot::channel();
        // The loan goes along, so that a request that is given up keeps its core and its memory until the work is done.
        tokio::task::spawn_blocking(move || {
            // Nobody waits for it any more where the request was given up.
            let _ = answer.send(work(&mut loan.memory));
            // To wipe what the password left takes a twentieth of a hash, during which the request goes on: see `idle`.
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

/// The hash of a password with the cost of this service.
fn hash(memory: &mut Memory, password: &str, salt: &[u8; 16]) -> Result<PasswordHash, Error> {
    let argon2 = argon2()?;
    let output = digest(memory, &argon2, password, salt, Params::DEFAULT_OUTPUT_LEN)?;
    phc_string(&argon2, salt, &output)
}

/// Argon2's output as it is stored.
fn phc_string(argon2: &Argon2<'_>, salt: &[u8; 16], output: &[u8]) -> Result<PasswordHash, Error> {
    let hash = phc::PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(argon2.params()).map_err(unhashed)?,
        salt: Some(Salt::new(salt).map_err(unhashed)?),
        hash: Some(Output::new(output).map_err(unhashed)?),
    };
    Ok(PasswordHash::new(hash.to_string()))
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
    let blocks = argon2.params().block_count();
    if memory.len() != blocks {
        // What is left behind where it shrinks or moves, nobody could wipe later.
        memory.fill(Block::new());
        memory.resize(blocks, Block::new());
    }
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
mod tests;
