//! A password's hash as it is stored.

use secrecy::{ExposeSecret, SecretString};

/// A password's hash as it is stored: a PHC string, or one of Django's formats. Never printed.
#[derive(Debug, Clone)]
pub struct PasswordHash(SecretString);

impl PasswordHash {
    /// Wraps a stored hash. It is parsed when a password is verified with it.
    pub fn new(phc: String) -> Self {
        Self(phc.into())
    }

    /// The stored string: as good a secret as the password is weak.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}
