//! What names a session.

use std::fmt;

use super::UserId;

/// Names a session among its user's: 128 random bits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SessionId(pub(crate) [u8; 16]);

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId([redacted])")
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
