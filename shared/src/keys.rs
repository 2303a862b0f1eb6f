//! The service's secret and the keys derived from it.
//!
//! The keys that hold now: those of the secret's current version, which sign, and those of the one before, which still
//! verify, so that a rotation logs nobody out.

mod derive;
mod secret;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

#[cfg(test)]
pub(crate) use derive::expand;
pub use derive::{Keys, MIN_SECRET_BYTES};
pub use secret::{SecretStore, SecretVersion};

use crate::{
    Error,
    clock::{Clock, UnixSeconds},
};

/// How long keys are served from memory.
pub const SECRET_MAX_AGE: Duration = Duration::from_secs(5 * 60);

/// How often at most the secret is read because of a token under an unknown key: anybody can send one.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// Finds keys.
#[derive(Debug)]
pub enum KeyStore {
    /// These, for ever.
    Fixed(Arc<Keys>),
    /// Those of a secret in Secrets Manager.
    Rotating(RotatingKeys),
}

impl KeyStore {
    /// The keys of this secret, which is read when they are first asked for.
    pub fn rotating(secret: SecretStore, clock: Clock) -> Self {
        Self::Rotating(RotatingKeys { secret, clock, memory: Mutex::default() })
    }

    /// Reads the secret before the first request. Failing is no harm: the first request tries again.
    pub async fn warm_up(&self) {
        if let Err(error) = self.signing().await {
            tracing::warn!(event = "secret_unavailable", %error, "the first request tries again");
        }
    }

    /// The keys that sign now.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the secret was never read and can not be now. Later, the last keys hold on.
    pub(crate) async fn signing(&self) -> Result<Arc<Keys>, Error> {
        match self {
            Self::Fixed(keys) => Ok(keys.clone()),
            Self::Rotating(keys) => Ok(keys.ring().await?.signing(keys.clock.now())),
        }
    }

    /// What `pick` makes of the first keys that it takes. When it takes none, there may be newer ones than those in memory,
    /// and the secret is read again, though not often.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it can not be told whether there are such keys.
    pub(super) async fn find<T>(&self, pick: impl Fn(&Keys) -> Option<T>) -> Result<Option<T>, Error> {
        match self {
            Self::Fixed(keys) => Ok(pick(keys)),
            Self::Rotating(keys) => match keys.ring().await?.find(&pick) {
                None => Ok(keys.newer_ring().await?.and_then(|ring| ring.find(pick))),
                found => Ok(found),
            },
        }
    }
}

/// Keys that change with a secret.
#[derive(Debug)]
pub struct RotatingKeys {
    secret: SecretStore,
    clock: Clock,
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    ring: Option<Arc<KeyRing>>,
    /// When the ring is to be read anew.
    stale_from: UnixSeconds,
    /// When unknown keys were last looked for, and whether that could be told.
    looked: Option<(UnixSeconds, bool)>,
}

impl RotatingKeys {
    async fn ring(&self) -> Result<Arc<KeyRing>, Error> {
        let now = self.clock.now();
        let last = {
            let memory = self.memory();
            match &memory.ring {
                Some(ring) if now < memory.stale_from => return Ok(ring.clone()),
                last => last.clone(),
            }
        };
        match (KeyRing::read(&self.secret).await, last) {
            (Ok(ring), _) => Ok(self.remember(ring, now)),
            (Err(error), Some(last)) => {
                tracing::warn!(event = "secret_unavailable", %error, "the last keys hold on");
                self.memory().stale_from = now + SECRET_MAX_AGE.as_secs();
                Ok(last)
            }
            (Err(error), None) => Err(error),
        }
    }

    /// The ring read anew, unless that was done a moment ago: then there is no newer one.
    async fn newer_ring(&self) -> Result<Option<Arc<KeyRing>>, Error> {
        let now = self.clock.now();
        {
            let mut memory = self.memory();
            match memory.looked {
                Some((at, was_told)) if now < at + LOOK_AGAIN_AFTER.as_secs() => {
                    let unknown = || Error::Unavailable("the secret could not be read a moment ago".into());
                    return if was_told { Ok(None) } else { Err(unknown()) };
                }
                _ => memory.looked = Some((now, false)),
            }
        }
        let ring = self.remember(KeyRing::read(&self.secret).await?, now);
        self.memory().looked = Some((now, true));
        Ok(Some(ring))
    }

    fn remember(&self, ring: KeyRing, now: UnixSeconds) -> Arc<KeyRing> {
        let ring = Arc::new(ring);
        let mut memory = self.memory();
        memory.ring = Some(ring.clone());
        memory.stale_from = now + SECRET_MAX_AGE.as_secs();
        ring
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The keys of one reading.
#[derive(Debug)]
struct KeyRing {
    current: Arc<Keys>,
    previous: Option<Arc<Keys>>,
    /// When the current keys begin to sign. Until then a function may be running that has not read them yet, and would
    /// refuse what they signed.
    signs_from: UnixSeconds,
}

impl KeyRing {
    async fn read(secret: &SecretStore) -> Result<Self, Error> {
        let (current, previous) = secret.read().await?;
        Ok(Self {
            signs_from: current.created_at + SECRET_MAX_AGE.as_secs(),
            current: Arc::new(Keys::of_version(&current)?),
            // What never signed, since it could not, has nothing to verify.
            previous: previous.and_then(|version| Keys::of_version(&version).ok()).map(Arc::new),
        })
    }

    fn signing(&self, now: UnixSeconds) -> Arc<Keys> {
        self.previous.as_ref().filter(|_| now < self.signs_from).unwrap_or(&self.current).clone()
    }

    fn find<T>(&self, pick: impl Fn(&Keys) -> Option<T>) -> Option<T> {
        pick(&self.current).or_else(|| self.previous.as_deref().and_then(pick))
    }
}

#[cfg(test)]
mod tests;
