//! The fields of a request's body.

use serde_json::{Map, Value};

use crate::domain::{Field, FieldError};

/// A JSON object of fields. Unknown fields are ignored.
#[derive(Debug, Default)]
pub struct Form(Map<String, Value>);

impl Form {
    pub(super) fn new(fields: Map<String, Value>) -> Self {
        Self(fields)
    }

    /// Parses a required field.
    ///
    /// # Errors
    /// The field's faults.
    pub fn required<F: Field>(&self) -> Result<F, FieldError> {
        F::read(self.0.get(F::NAME))
    }

    /// Parses an optional field.
    ///
    /// # Errors
    /// The field's faults, if it is present.
    pub fn optional<F: Field>(&self) -> Result<Option<F>, FieldError> {
        self.0.get(F::NAME).map(|value| F::read(Some(value))).transpose()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::domain::{Email, Username};

    fn form(fields: Value) -> Form {
        Form::new(fields.as_object().unwrap().clone())
    }

    #[rstest]
    #[case::left_out(json!({}), "This field is required.")]
    #[case::null(json!({"username": null}), "This field may not be null.")]
    #[case::empty(json!({"username": ""}), "This field may not be blank.")]
    #[case::white_space(json!({"username": " \t\u{a0}\u{3000}"}), "This field may not be blank.")]
    #[case::a_number(json!({"username": 5}), "Not a valid string.")]
    #[case::a_boolean(json!({"username": true}), "Not a valid string.")]
    #[case::a_list(json!({"username": ["ada"]}), "Not a valid string.")]
    #[case::an_object(json!({"username": {}}), "Not a valid string.")]
    fn a_required_field_is_refused(#[case] fields: Value, #[case] message: &str) {
        assert_eq!(form(fields).required::<Username>().unwrap_err().messages, [message]);
    }

    #[test]
    fn an_email_of_the_wrong_type_is_no_valid_address() {
        let error = form(json!({"email": 5})).required::<Email>().unwrap_err();
        assert_eq!(error.messages, ["Enter a valid email address."]);
    }

    #[test]
    fn white_space_around_a_field_is_dropped() {
        let name = form(json!({"username": "\u{2003} ada\n"})).required::<Username>().unwrap();
        assert_eq!(name.as_str(), "ada");
    }

    #[test]
    fn an_optional_field_may_be_left_out_but_not_be_null() {
        assert_eq!(form(json!({})).optional::<Username>(), Ok(None));
        assert!(form(json!({"username": null})).optional::<Username>().is_err());
    }
}
