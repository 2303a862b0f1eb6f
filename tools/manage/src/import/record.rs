//! Validates a user of a file by the rules of the service.

use serde_json::Value;
use shared::{
    clock::UnixSeconds,
    domain::{Email, Field, PasswordHash, User, UserId, Username},
    passwords,
    store::NewAccount,
};

use super::{Candidate, Row, json::JsonField, reason::Reason, report::Rejected};

/// A user as a file has them. Values may be of any type.
#[derive(Debug)]
pub(super) struct Record {
    /// The line, in files with a user per line.
    pub(super) line: Option<u64>,
    pub(super) id: JsonField,
    /// Missing, null or blank for a user without one, who gets the default.
    pub(super) username: JsonField,
    pub(super) email: JsonField,
    pub(super) password_hash: JsonField,
    /// Or why it is not clear.
    pub(super) disabled: Result<bool, Reason>,
    /// Or why it is not a time.
    pub(super) created_at: Result<Option<UnixSeconds>, Reason>,
}

impl Record {
    /// The account, or all reasons why it is rejected.
    pub(super) fn into_candidate(self) -> Candidate {
        let mut reasons = Vec::new();
        let id = collect(&mut reasons, id(self.id.as_ref()));
        let username = if is_blank(self.username.as_ref()) {
            id.map(Username::from_id)
        } else {
            collect(&mut reasons, Username::read(self.username.as_ref()).map_err(Reason::from))
        };
        let email = collect(&mut reasons, Email::read(self.email.as_ref()).map_err(Reason::from));
        let password_hash = collect(&mut reasons, hash(self.password_hash.as_ref()));
        let disabled = collect(&mut reasons, self.disabled);
        let created_at = collect(&mut reasons, self.created_at);
        match (id, username, email, password_hash, disabled, created_at) {
            (Some(id), Some(username), Some(email), Some(password_hash), Some(disabled), Some(created_at)) => {
                let user = User { id, username, email };
                Ok(Row { line: self.line, account: NewAccount { user, password_hash, disabled, created_at } })
            }
            _ => Err(Rejected::new(self.line, [self.id, self.username, self.email], &reasons)),
        }
    }
}

fn collect<T>(reasons: &mut Vec<Reason>, result: Result<T, Reason>) -> Option<T> {
    result.map_err(|reason| reasons.push(reason)).ok()
}

fn id(value: Option<&Value>) -> Result<UserId, Reason> {
    value.and_then(Value::as_u64).and_then(UserId::new).ok_or(Reason::Id)
}

fn is_blank(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(value) => value.as_str().is_some_and(|text| text.trim().is_empty()),
    }
}

/// The hash, exactly as the file has it.
fn hash(value: Option<&Value>) -> Result<PasswordHash, Reason> {
    match value {
        None | Some(Value::Null) => Err(Reason::NoPassword),
        Some(Value::String(text)) if text.is_empty() => Err(Reason::NoPassword),
        // https://docs.djangoproject.com/en/5.2/ref/contrib/auth/#django.contrib.auth.models.User.set_unusable_password
        Some(Value::String(text)) if text.starts_with('!') => Err(Reason::PasswordUnusable),
        Some(Value::String(text)) => {
            let hash = PasswordHash::new(text.as_str().into());
            passwords::check(&hash).map(|()| hash).map_err(|error| Reason::of_hash(&error))
        }
        Some(_) => Err(Reason::PasswordNoText),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2l4dGVlbiBieXRlcyAuLg$2WG2PPol/lCSBLmz3Hc2qg";

    fn record(id: Value) -> Record {
        Record {
            line: Some(7),
            id: Some(id),
            username: Some("ada".into()),
            email: Some("ada@example.com".into()),
            password_hash: Some(HASH.into()),
            disabled: Ok(false),
            created_at: Ok(None),
        }
    }

    fn is_rejected(record: Record) -> bool {
        record.into_candidate().is_err()
    }

    #[rstest]
    #[case::left_out(None, "user5")]
    #[case::null(Some(json!(null)), "user5")]
    #[case::empty(Some(json!("")), "user5")]
    #[case::blank(Some(json!(" \u{3000}\t")), "user5")]
    #[case::with_blanks_around_it(Some(json!(" ada\n")), "ada")]
    fn a_user_without_a_username_is_named_after_their_id(#[case] username: JsonField, #[case] expected: &str) {
        let Ok(row) = (Record { username, ..record(json!(5)) }).into_candidate() else { panic!("refused") };
        assert_eq!((row.account.user.username.as_str(), row.line), (expected, Some(7)));
    }

    #[rstest]
    #[case::a_number(json!(5))]
    #[case::a_list(json!([]))]
    #[case::an_object_as_stands_for_nan(json!({}))]
    #[case::a_truth(json!(false))]
    fn a_value_of_another_type_is_rejected(#[case] value: Value) {
        assert!(is_rejected(Record { username: Some(value.clone()), ..record(json!(5)) }));
        assert!(is_rejected(Record { email: Some(value.clone()), ..record(json!(5)) }));
        assert!(is_rejected(Record { password_hash: Some(value), ..record(json!(5)) }));
    }

    #[rstest]
    #[case::a_text_of_digits(json!("5"))]
    #[case::a_fraction(json!(5.0))]
    #[case::zero(json!(0))]
    #[case::below_zero(json!(-5))]
    #[case::more_than_javascript_holds(json!(9_007_199_254_740_992_u64))]
    #[case::null(json!(null))]
    #[case::a_list(json!([5]))]
    fn only_a_whole_number_is_an_id(#[case] id: Value) {
        assert!(is_rejected(record(id)));
    }

    #[rstest]
    #[case::a_line_break_behind_it(format!("{HASH}\n"))]
    #[case::a_blank_before_it(format!(" {HASH}"))]
    fn a_hash_is_not_trimmed(#[case] hash: String) {
        assert!(is_rejected(Record { password_hash: Some(hash.into()), ..record(json!(5)) }));
    }
}
