//! The service's secret and the keys derived from it.
//!
//! The secret's current version signs, once everybody can know it. The version before it signs until then, and verifies until the
//! next rotation, so that a rotation logs nobody out.

mod access;
mod derive;
mod secret;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

pub(crate) use access::AccessKey;
#[cfg(test)]
pub(crate) use derive::expand;
pub use derive::{Keys, MIN_SECRET_BYTES};
pub use jsonwebtoken::jwk::JwkSet;
pub use secret::{SecretStore, SecretVersion};

use crate::{
    clock::{Clock, UnixSeconds},
    error::StoreError,
    kept::Kept,
};

/// How long keys are served from memory, and how long others may cache the public ones.
pub const SECRET_MAX_AGE: Duration = Duration::from_secs(5 * 60);

/// How many times that age a version of the secret is known before it signs: a function may be that age behind, a verifier may
/// have cached that function's answer for as long, and one reading of the secret may fail.
const AGES_UNTIL_SIGNING: u32 = 3;

/// How long the secret is not read again because of a token under an unknown key: anybody can send one. At most as long as keys are
/// served from memory.
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
    /// The keys of this secret, which is read when they are first needed, and again when they are older than `max_age`.
    pub fn rotating(secret: SecretStore, clock: Clock, max_age: Duration) -> Self {
        let kept = Kept::new(clock.clone(), max_age);
        Self::Rotating(RotatingKeys { secret, clock, kept, max_age, looked: Mutex::default() })
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

    /// The public keys that verify access tokens (RFC 7517, section 5): of the secret's current version, and of the one before.
    ///
    /// # Errors
    /// [`StoreError`] if the secret has never been read and cannot be read now, so the set is never empty.
    pub async fn public(&self) -> Result<JwkSet, StoreError> {
        let mut keys: Vec<_> = match self {
            Self::Fixed(keys) => vec![keys.public.clone()],
            Self::Rotating(keys) => keys.ring().await?.all().map(|keys| keys.public.clone()).collect(),
        };
        // Two versions with one text have one key, and verifiers refuse a set with two keys of one id.
        keys.dedup();
        Ok(JwkSet { keys })
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
    max_age: Duration,
    /// When unknown keys were last looked for, and whether the secret could be read then.
    looked: Mutex<Option<(UnixSeconds, bool)>>,
}

impl RotatingKeys {
    async fn ring(&self) -> Result<Arc<KeyRing>, StoreError> {
        let read = async |_| self.read().await;
        let stale = |error: &StoreError| {
            tracing::warn!(event = "secret_unavailable", %error, "using the keys read last");
        };
        self.kept.get(read, stale).await
    }

    async fn read(&self) -> Result<Arc<KeyRing>, StoreError> {
        let lead = self.max_age.saturating_mul(AGES_UNTIL_SIGNING);
        KeyRing::read(&self.secret, lead.as_secs(), self.clock.now()).await.map(Arc::new)
    }

    /// The ring, read again. None if that was done a moment ago: then there is no newer one.
    async fn newer_ring(&self) -> Result<Option<Arc<KeyRing>>, StoreError> {
        let now = self.clock.now();
        {
            let mut looked = self.looked();
            match *looked {
                Some((at, was_read)) if now < at + LOOK_AGAIN_AFTER.min(self.max_age).as_secs() => {
                    let unread = || StoreError::Unavailable("the secret could not be read a moment ago".into());
                    return if was_read { Ok(None) } else { Err(unread()) };
                }
                _ => *looked = Some((now, false)),
            }
        }
        let ring = self.read().await?;
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
    /// When the current keys begin to sign. Until then there may be functions and other services that do not know them, and
    /// would refuse what they signed.
    signs_from: UnixSeconds,
}

impl KeyRing {
    /// The ring now. A version of the secret signs `lead` seconds after it was created.
    async fn read(secret: &SecretStore, lead: u64, now: UnixSeconds) -> Result<Self, StoreError> {
        let (current, previous) = secret.read(now).await?;
        Ok(Self {
            signs_from: current.created_at.saturating_add(lead),
            current: Arc::new(Keys::of_version(&current)?),
            // What never signed, since it could not, has nothing to verify.
            previous: previous.and_then(|version| Keys::of_version(&version).ok()).map(Arc::new),
        })
    }

    fn signing(&self, now: UnixSeconds) -> Arc<Keys> {
        self.previous.as_ref().filter(|_| now < self.signs_from).unwrap_or(&self.current).clone()
    }

    fn all(&self) -> impl Iterator<Item = &Keys> {
        std::iter::once(&*self.current).chain(self.previous.as_deref())
    }

    fn find<T>(&self, pick: impl Fn(&Keys) -> Option<T>) -> Option<T> {
        self.all().find_map(pick)
    }
}

#[cfg(test)]
mod tests;
