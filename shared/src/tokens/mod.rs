//! Access tokens, refresh tokens, and the keys that they are made with.

mod access;
mod keys;
mod refresh;

pub use access::AccessTokens;
pub use keys::Keys;
pub use refresh::{PresentedToken, RefreshToken, RefreshTokens, SessionId};
