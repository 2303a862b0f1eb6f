//! The types of this field. Each has private contents and one way in for what a client sent, so that whoever holds one
//! knows that it is valid.

mod email;
mod field;
#[cfg(feature = "password-rules")]
mod new_password;
#[cfg(feature = "hashing")]
mod password;
mod source;
mod user;
mod username;

pub use email::Email;
pub(crate) use field::Rules;
pub use field::{AllValid, Field, FieldError, Message};
#[cfg(feature = "password-rules")]
pub use new_password::{NewPassword, PasswordRules};
#[cfg(feature = "password-rules")]
pub use password::Password;
#[cfg(feature = "hashing")]
pub use password::{CurrentPassword, PasswordAttempt};
pub use source::Source;
pub use user::{Generation, Holder, Taken, User, UserId};
pub use username::Username;
