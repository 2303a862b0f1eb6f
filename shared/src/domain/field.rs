//! A field of a request's body: how its type parses it, and the messages when it is invalid.

use std::borrow::Cow;

use serde_json::Value;

/// A validation message that a client sees.
pub type Message = Cow<'static, str>;

/// A required field is absent.
pub(crate) const REQUIRED: &str = "This field is required.";
/// The field is JSON's `null`.
pub(crate) const NULL: &str = "This field may not be null.";
/// The field is empty, after trimming where it is trimmed.
pub(crate) const BLANK: &str = "This field may not be blank.";
/// The field holds U+0000.
pub(crate) const NUL_CHARACTER: &str = "Null characters are not allowed.";

/// The rules for a field's text, once it is trimmed and not blank. Private to this crate, so that nothing bypasses
/// [`Field::parse`].
pub trait Rules: Sized {
    /// Parses a string that is not blank.
    ///
    /// # Errors
    /// Every fault, in Django's order: length, NUL characters, then format.
    fn check(text: &str) -> Result<Self, Vec<Message>>;
}

/// A type that a field is parsed into, wherever it comes from: a body, an operator's command, a file.
pub trait Field: Rules {
    /// The field's name in the body.
    const NAME: &'static str;

    /// The message for a value that is not a string.
    const NOT_A_STRING: &'static str = "Not a valid string.";

    /// Whether surrounding white space is removed.
    const TRIMMED: bool = true;

    /// Parses a string: the only constructor for input.
    ///
    /// # Errors
    /// Every fault, in the order in which a client sees them.
    fn parse(text: &str) -> Result<Self, Vec<Message>> {
        let text = if Self::TRIMMED { text.trim() } else { text };
        if text.is_empty() { Err(vec![BLANK.into()]) } else { Self::check(text) }
    }

    /// Parses the field's value in a body; `None` if it is absent.
    ///
    /// # Errors
    /// Every fault, under the field's name.
    fn read(value: Option<&Value>) -> Result<Self, FieldError> {
        match value {
            None => Err(vec![REQUIRED.into()]),
            Some(Value::Null) => Err(vec![NULL.into()]),
            Some(Value::String(text)) => Self::parse(text),
            Some(_) => Err(vec![Self::NOT_A_STRING.into()]),
        }
        .map_err(FieldError::new::<Self>)
    }
}

/// The faults of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    pub name: &'static str,
    /// In the order in which a client sees them. Never empty.
    pub messages: Vec<Message>,
}

impl FieldError {
    /// These messages under the name of `F`.
    pub fn new<F: Field>(messages: impl Into<Vec<Message>>) -> Self {
        Self { name: F::NAME, messages: messages.into() }
    }
}

/// The message for a value of more than `limit` characters.
pub(crate) fn too_long(limit: usize) -> Message {
    format!("Ensure this field has no more than {limit} characters.").into()
}

/// The value if no fault applies, else the messages of those that do.
pub(crate) fn checked<T>(value: T, faults: impl IntoIterator<Item = (bool, Message)>) -> Result<T, Vec<Message>> {
    let messages: Vec<_> = faults.into_iter().filter_map(|(applies, message)| applies.then_some(message)).collect();
    if messages.is_empty() { Ok(value) } else { Err(messages) }
}

/// Several parsed fields: all values, or the faults of every invalid one.
pub trait AllValid {
    type Values;

    /// The values, if all are valid.
    ///
    /// # Errors
    /// The faults of each invalid field, in the order of the fields.
    fn all_valid(self) -> Result<Self::Values, Vec<FieldError>>;
}

impl<A, B> AllValid for (Result<A, FieldError>, Result<B, FieldError>) {
    type Values = (A, B);

    fn all_valid(self) -> Result<Self::Values, Vec<FieldError>> {
        match self {
            (Ok(a), Ok(b)) => Ok((a, b)),
            (a, b) => Err([a.err(), b.err()].into_iter().flatten().collect()),
        }
    }
}

impl<A, B, C> AllValid for (Result<A, FieldError>, Result<B, FieldError>, Result<C, FieldError>) {
    type Values = (A, B, C);

    fn all_valid(self) -> Result<Self::Values, Vec<FieldError>> {
        match self {
            (Ok(a), Ok(b), Ok(c)) => Ok((a, b, c)),
            (a, b, c) => Err([a.err(), b.err(), c.err()].into_iter().flatten().collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Email, Username};

    #[test]
    fn all_faults_are_reported_in_the_order_of_the_fields() {
        let username = Username::read(Some(&Value::Bool(true)));
        let email = Email::read(None);
        let errors = (username, email).all_valid().unwrap_err();
        let names: Vec<_> = errors.iter().map(|error| error.name).collect();
        assert_eq!(names, ["username", "email"]);
    }

    #[test]
    fn one_fault_among_valid_fields_is_the_only_one_reported() {
        let username = Username::read(Some(&"ada".into()));
        let email = Email::read(Some(&"no address".into()));
        let other = Email::read(Some(&"ada@example.com".into()));
        let errors = (username, email, other).all_valid().unwrap_err();
        assert_eq!(errors, [FieldError::new::<Email>(["Enter a valid email address.".into()])]);
    }
}
