//! The header `Authorization` (RFC 6750, section 2.1), read as Django REST Framework reads it.

use crate::{Error, error::AccessTokenFault};

/// The token after `Bearer` (case-insensitive) in a header's value.
///
/// # Errors
/// [`Error::NoCredentials`] or [`Error::AccessToken`] if there is none.
pub fn bearer_token(header: Option<&[u8]>) -> Result<&str, Error> {
    let mut words = header.unwrap_or_default().split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    if !words.next().is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"Bearer")) {
        return Err(Error::NoCredentials("Authentication credentials were not provided."));
    }
    match (words.next(), words.next()) {
        (None, _) => Err(Error::NoCredentials("Invalid token header. No credentials provided.")),
        (Some(_), Some(_)) => Err(Error::AccessToken(AccessTokenFault::Malformed)),
        (Some(token), None) => std::str::from_utf8(token).map_err(|_| Error::AccessToken(AccessTokenFault::Invalid)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain(b"Bearer abc")]
    #[case::in_lower_case(b"bearer abc")]
    #[case::in_upper_case(b"BEARER abc")]
    #[case::behind_two_blanks(b"Bearer  abc")]
    #[case::behind_a_tab(b"Bearer\tabc")]
    #[case::among_blanks(b"  Bearer abc  ")]
    fn a_token_is_found(#[case] header: &[u8]) {
        assert_eq!(bearer_token(Some(header)).unwrap(), "abc");
    }

    #[rstest]
    #[case::no_header(None, "Authentication credentials were not provided.")]
    #[case::an_empty_header(Some(b"".as_slice()), "Authentication credentials were not provided.")]
    #[case::another_scheme(Some(b"Basic abc".as_slice()), "Authentication credentials were not provided.")]
    #[case::the_scheme_of_django(Some(b"Token abc".as_slice()), "Authentication credentials were not provided.")]
    #[case::a_longer_scheme(Some(b"Bearers abc".as_slice()), "Authentication credentials were not provided.")]
    #[case::a_token_alone(Some(b"abc".as_slice()), "Authentication credentials were not provided.")]
    #[case::a_scheme_not_in_ascii(Some(b"B\xc3\xa9arer abc".as_slice()), "Authentication credentials were not provided.")]
    #[case::no_token(Some(b"Bearer".as_slice()), "Invalid token header. No credentials provided.")]
    #[case::a_blank_token(Some(b"Bearer   ".as_slice()), "Invalid token header. No credentials provided.")]
    #[case::a_blank_inside(Some(b"Bearer a b".as_slice()), "Invalid token header. Token string should not contain spaces.")]
    #[case::a_token_not_in_utf_8(Some(b"Bearer \xff".as_slice()), "Invalid token.")]
    fn a_header_without_one_is_told_why(#[case] header: Option<&[u8]>, #[case] detail: &str) {
        let body = bearer_token(header).unwrap_err().response().into_body();
        assert_eq!(body, format!(r#"{{"detail":"{detail}"}}"#).into());
    }

    proptest! {
        #[test]
        fn statement_20_no_bytes_make_it_panic(header in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(token) = bearer_token(Some(&header)) {
                prop_assert!(!token.contains(' '));
            }
        }
    }
}
