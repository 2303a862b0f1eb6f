//! The service's secret and the keys derived from it.
//!
//! The secret's current version signs. The version before it still verifies, so that a rotation logs nobody out.

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
    clock::{Clock, UnixSeconds},
    error::StoreError,
    kept::Kept,
};

/// How long keys are served from memory.
pub const SECRET_MAX_AGE: Duration = Duration::from_secs(5 * 60);

/// How long the secret is not read again because of a token under an unknown key: anybody can send one.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// Finds keys.
#[derive(Debug)]
pub enum KeyStore {
    /// Keys that never change.
    Fixed(Arc<Keys>),
    /// The keys of a secret in Secrets Manager.
    Rotating(RotatingKeys),
}

impl KeyStore {
    /// The keys of this secret, which is read when they are first needed.
    pub fn rotating(secret: SecretStore, clock: Clock) -> Self {
        let kept = Kept::new(clock.clone(), SECRET_MAX_AGE);
        Self::Rotating(RotatingKeys { secret, clock, kept, looked: Mutex::default() })
    }

    /// Reads the secret before the first request. A failure does no harm: the first request tries again.
    pub async fn warm_up(&self) {
        if let Err(error) = self.signing().await {
            tracing::warn!(event = "secret_unavailable", %error, "the first request will try again");
        }
    }

    /// The keys that sign now.
    ///
    /// # Errors
    /// [`StoreError`] if the secret has never been read and cannot be read now. Later, the last keys stay in use.
    pub(crate) async fn signing(&self) -> Result<Arc<Keys>, StoreError> {
        match self {
            Self::Fixed(keys) => Ok(keys.clone()),
            Self::Rotating(keys) => Ok(keys.ring().await?.signing(keys.clock.now())),
        }
    }

    /// What `pick` returns for the first keys that it accepts. If it accepts none, there may be newer keys than those in memory,
    /// so the secret is read again, at most once a minute.
    ///
    /// # Errors
    /// [`StoreError`] if the secret cannot be read, so that nobody knows whether there are such keys.
    pub(super) async fn find<T>(&self, pick: impl Fn(&Keys) -> Option<T>) -> Result<Option<T>, StoreError> {
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
    kept: Kept<Arc<KeyRing>>,
    /// When unknown keys were last looked for, and whether the secret could be read then.
    looked: Mutex<Option<(UnixSeconds, bool)>>,
}

impl RotatingKeys {
    async fn ring(&self) -> Result<Arc<KeyRing>, StoreError> {
        let read = async |_| KeyRing::read(&self.secret).await.map(Arc::new);
        let stale = |error: &StoreError| {
            tracing::warn!(event = "secret_unavailable", %error, "using the keys read last");
        };
        self.kept.get(read, stale).await
    }

    /// The ring, read again. None if that was done a moment ago: then there is no newer one.
    async fn newer_ring(&self) -> Result<Option<Arc<KeyRing>>, StoreError> {
        let now = self.clock.now();
        {
            let mut looked = self.looked();
            match *looked {
                Some((at, was_read)) if now < at + LOOK_AGAIN_AFTER.as_secs() => {
                    let unread = || StoreError::Unavailable("the secret could not be read a moment ago".into());
                    return if was_read { Ok(None) } else { Err(unread()) };
                }
                _ => *looked = Some((now, false)),
            }
        }
        let ring = Arc::new(KeyRing::read(&self.secret).await?);
        self.kept.keep(ring.clone(), now);
        *self.looked() = Some((now, true));
        Ok(Some(ring))
    }

    fn looked(&self) -> MutexGuard<'_, Option<(UnixSeconds, bool)>> {
        self.looked.lock().unwrap_or_else(PoisonError::into_inner)
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
    async fn read(secret: &SecretStore) -> Result<Self, StoreError> {
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
