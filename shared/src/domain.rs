//! Domain types. Each has private contents and one way in for what a client sent, so a value of the type is valid.

mod email;
pub(crate) mod field;
mod password_hash;
mod session;
mod source;
mod user;
mod username;

pub use email::Email;
pub(crate) use field::Rules;
pub use field::{AllValid, Field, FieldError, Message};
pub use password_hash::PasswordHash;
pub use session::{PublicSessionId, SessionHandle, SessionId};
pub use source::Source;
pub use user::{Changed, Generation, Holder, Refusal, Taken, User, UserId};
pub use username::Username;
