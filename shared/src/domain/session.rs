//! What names a session.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use super::UserId;
use crate::random::{self, Random};

/// Names a session among its user's: 128 random bits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SessionId(pub(crate) [u8; 16]);

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId([redacted])")
    }
}

impl SessionId {
    /// A new random id.
    ///
    /// # Errors
    /// When the generator fails.
    pub(crate) fn random(random: &Random) -> Result<Self, random::Failed> {
        random.bytes().map(Self)
    }

    /// What the session is called outside this service.
    pub fn public(&self) -> PublicSessionId {
        let digest = digest(&SHA256, &[b"session".as_slice(), &self.0].concat());
        let mut half = [0; 16];
        half.iter_mut().zip(digest.as_ref()).for_each(|(half, byte)| *half = *byte);
        PublicSessionId(half)
    }
}

/// What a session is called outside this service, such as in access tokens: half of its id's hash. The id is random, so nobody
/// finds it from this; the table is keyed by the id, so this finds nothing there; and it stays the same when the secret rotates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicSessionId([u8; 16]);

impl fmt::Display for PublicSessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64_URL_SAFE_NO_PAD.encode(self.0))
    }
}

/// What a refresh token says once its MAC is verified: which session it belongs to, and which of the session's tokens it is.
/// Whether the session still exists, the table knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionHandle {
    /// Whose session it is.
    pub user: UserId,
    /// Which of the user's sessions it is.
    pub session: SessionId,
    /// How often the session's token had been replaced when this one was issued.
    pub counter: u32,
}

impl SessionHandle {
    /// The handle of the same session with this counter.
    pub(crate) fn with_counter(self, counter: u32) -> Self {
        Self { counter, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By another implementation: two lines of Python on its `hashlib`.
    #[test]
    fn statement_33_the_public_id_is_half_of_a_hash() {
        let public = SessionId([7; 16]).public().to_string();
        assert_eq!(public, "K0XpACPZNslL7V_lK7xG1Q");
    }

    #[test]
    fn statement_33_a_public_id_has_nothing_of_the_id() {
        for byte in 0..=u8::MAX {
            let id = SessionId([byte; 16]);
            assert_ne!(id.public().0, id.0);
            assert_ne!(id.public(), SessionId([byte.wrapping_add(1); 16]).public());
        }
        assert_eq!(format!("{:?}", SessionId([7; 16])), "SessionId([redacted])");
    }
}
