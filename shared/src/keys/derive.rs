//! The service's one secret becomes a key for each purpose (HKDF, RFC 5869): what signs the one kind of token is of no use
//! for the other.

use std::fmt;

use aws_lc_rs::{hkdf, hmac};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::Jwk;
use secrecy::{ExposeSecret, SecretString};

use super::{SecretVersion, access::AccessKey};
use crate::{domain::Email, error::StoreError, settings::SigningAlgorithm};

/// The fewest bytes of a secret: the output of HMAC-SHA256 (RFC 7518, section 3.2).
pub const MIN_SECRET_BYTES: usize = 32;

/// The keys derived from one secret. Never printed.
pub struct Keys {
    es256: AccessKey,
    hs256: AccessKey,
    /// The public half of the ES256 key.
    pub(super) public: Jwk,
    /// Authenticates refresh tokens.
    pub(crate) refresh: hmac::Key,
    /// Hides addresses that attempts are counted by.
    accounts: hmac::Key,
}

impl Keys {
    /// Derives the keys. The secret must be long and random: HKDF spreads entropy and adds none.
    ///
    /// # Errors
    /// [`StoreError::KeyDerivation`].
    pub fn derive(secret: &SecretString) -> Result<Self, StoreError> {
        let id: [u8; 8] = expand(secret, &[b"key id"])?;
        Self::named(secret, BASE64_URL_SAFE_NO_PAD.encode(id))
    }

    /// The keys of a version of the secret in Secrets Manager, which names the HS256 key.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the secret is too short.
    pub(crate) fn of_version(version: &SecretVersion) -> Result<Self, StoreError> {
        if version.value.expose_secret().len() < MIN_SECRET_BYTES {
            let reason = format!("the secret's version {} has fewer than {MIN_SECRET_BYTES} bytes", version.id);
            return Err(StoreError::Unavailable(reason));
        }
        Self::named(&version.value, version.id.clone())
    }

    fn named(secret: &SecretString, id: String) -> Result<Self, StoreError> {
        let refresh: [u8; 32] = expand(secret, &[b"refresh token, HMAC-SHA256"])?;
        let accounts: [u8; 32] = expand(secret, &[b"account of an attempt, HMAC-SHA256"])?;
        let (es256, public) = AccessKey::es256(secret)?;
        Ok(Self {
            es256,
            hs256: AccessKey::hs256(secret, id)?,
            public,
            refresh: hmac::Key::new(hmac::HMAC_SHA256, &refresh),
            accounts: hmac::Key::new(hmac::HMAC_SHA256, &accounts),
        })
    }

    /// The key that signs access tokens with this algorithm.
    pub(crate) fn access_key(&self, algorithm: SigningAlgorithm) -> &AccessKey {
        match algorithm {
            SigningAlgorithm::Es256 => &self.es256,
            SigningAlgorithm::Hs256 => &self.hs256,
        }
    }

    /// The key of access tokens with this id.
    pub(crate) fn access_key_with_id(&self, id: &str) -> Option<&AccessKey> {
        [&self.es256, &self.hs256].into_iter().find(|key| key.id == id)
    }

    /// What an address is counted by: nobody who has no secret learns the address from it, or finds it out by trying.
    pub(crate) fn account(&self, email: &Email) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&self.accounts, email.canonical().as_bytes()))
    }
}

/// `N` bytes derived from the secret for the purpose, which may come in parts.
pub(crate) fn expand<const N: usize>(secret: &SecretString, purpose: &[&[u8]]) -> Result<[u8; N], StoreError> {
    struct Length(usize);
    impl hkdf::KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let mut key = [0; N];
    let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, b"pyshop-auth").extract(secret.expose_secret().as_bytes());
    extracted
        .expand(purpose, Length(N))
        .and_then(|expanded| expanded.fill(&mut key))
        .map_err(|_| StoreError::KeyDerivation)?;
    Ok(key)
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("es256", &self.es256.id).field("hs256", &self.hs256.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_secret_gives_the_same_key_and_another_another() {
        let secret = |text: &str| SecretString::from(text);
        let key = |text: &str| expand::<32>(&secret(text), &[b"purpose"]).unwrap();
        assert_eq!(key("one"), key("one"));
        assert_ne!(key("one"), key("two"));
    }

    #[test]
    fn each_purpose_has_a_key_of_its_own() {
        let secret = SecretString::from("one");
        assert_ne!(expand::<32>(&secret, &[b"access"]).unwrap(), expand::<32>(&secret, &[b"refresh"]).unwrap());
    }

    /// RFC 5869, by another implementation: two lines of Python on its `hmac` and `hashlib`.
    #[test]
    fn the_derivation_is_hkdf() {
        let key = expand::<32>(&SecretString::from("correct horse battery staple, twice"), &[b"key id"]).unwrap();
        assert_eq!(BASE64_URL_SAFE_NO_PAD.encode(key), "3qASHow869iLNRRg7bADg8KIvXNb1EmeLhwzJ_P2WYs");
    }
}
