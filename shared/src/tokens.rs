//! Access tokens and refresh tokens.

mod access;
mod issuer;
mod refresh;

pub use access::{AccessToken, AccessTokens};
pub use issuer::Issuer;
pub use refresh::{PresentedToken, RefreshTokens};
