//! Hashing passwords, and judging new ones.

mod breached;
mod hasher;
mod new_password;
mod password;

pub use breached::BreachedPasswords;
pub use hasher::{Hasher, LANES, MEMORY_KIB, PASSES, Verdict, argon2, check};
pub use new_password::{NewPassword, PasswordRules};
pub use password::{CurrentPassword, Password, PasswordAttempt};
