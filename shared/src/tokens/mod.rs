//! Access tokens, refresh tokens, and the keys that they are made with.

mod access;
mod key_store;
mod keys;
mod refresh;

pub use access::AccessTokens;
pub use key_store::{KeyStore, RotatingKeys, SECRET_MAX_AGE};
pub use keys::Keys;
pub use refresh::{PresentedToken, RefreshToken, RefreshTokens, SessionId};
