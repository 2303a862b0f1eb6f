//! Access tokens and refresh tokens.

mod access;
mod refresh;

pub use access::AccessTokens;
pub use refresh::{PresentedToken, RefreshTokens};
