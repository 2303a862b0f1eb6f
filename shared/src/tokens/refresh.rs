//! Refresh tokens: opaque to clients, `psr_` and 80 characters of base64url.
//!
//! Inside is where the session stands (user id, session id, counter) and a MAC over it. The table holds no token and no
//! hash of one, so that a leaked table forges nothing; session ids are random, so that a leaked secret finds none; and
//! what nobody issued is refused without a read.

use std::fmt;

use aws_lc_rs::hmac;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use super::Keys;
use crate::domain::{Field, Message, UserId};

/// Tells people and secret scanners what they look at.
const PREFIX: &str = "psr_";

/// User id, session id and counter, all big-endian.
const CONTENT_BYTES: usize = 8 + 16 + 4;

/// What names a session among its user's: 128 random bits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SessionId(pub(crate) [u8; 16]);

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId([redacted])")
    }
}

/// A refresh token that this service issued. Whether its session still is, the table tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefreshToken {
    /// Whose session it is.
    pub user: UserId,
    /// Which of the user's sessions it is.
    pub session: SessionId,
    /// How often the session's token had been replaced when this one was issued.
    pub counter: u32,
}

/// The field `refresh` of a body: any text, since what is no token of ours is refused like one that has expired.
#[derive(Clone)]
pub struct PresentedToken(String);

impl Field for PresentedToken {
    const NAME: &'static str = "refresh";

    fn parse(text: &str) -> Result<Self, Vec<Message>> {
        Ok(Self(text.into()))
    }
}

impl fmt::Debug for PresentedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PresentedToken([redacted])")
    }
}

/// Writes and verifies refresh tokens.
#[derive(Debug, Clone)]
pub struct RefreshTokens {
    key: hmac::Key,
}

impl RefreshTokens {
    pub(crate) fn new(keys: &Keys) -> Self {
        Self { key: keys.refresh.clone() }
    }

    /// The token as clients get it.
    pub fn write(&self, token: &RefreshToken) -> String {
        let mut bytes = Vec::with_capacity(CONTENT_BYTES + 32);
        bytes.extend(token.user.get().to_be_bytes());
        bytes.extend(token.session.0);
        bytes.extend(token.counter.to_be_bytes());
        let mac = hmac::sign(&self.key, &bytes);
        bytes.extend(mac.as_ref());
        format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The token, if this service issued it.
    pub fn verify(&self, presented: &PresentedToken) -> Option<RefreshToken> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(presented.0.strip_prefix(PREFIX)?).ok()?;
        let (content, mac) = bytes.split_at_checked(CONTENT_BYTES)?;
        // In constant time, and false for a MAC of another length.
        hmac::verify(&self.key, content, mac).ok()?;
        let (user, rest) = content.split_first_chunk()?;
        let (session, counter) = rest.split_first_chunk()?;
        Some(RefreshToken {
            user: UserId::new(u64::from_be_bytes(*user))?,
            session: SessionId(*session),
            counter: u32::from_be_bytes(*counter.first_chunk()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use secrecy::SecretString;

    use super::*;

    fn tokens(secret: &str) -> RefreshTokens {
        RefreshTokens::new(&Keys::derive(&SecretString::from(secret)).unwrap())
    }

    fn verify(text: &str) -> Option<RefreshToken> {
        tokens("secret").verify(&PresentedToken::parse(text).unwrap())
    }

    fn token() -> RefreshToken {
        RefreshToken { user: UserId::new(42).unwrap(), session: SessionId([7; 16]), counter: 3 }
    }

    #[test]
    fn a_token_is_84_characters_that_need_no_escaping_in_a_url() {
        let text = tokens("secret").write(&token());
        assert_eq!(text.len(), 84);
        assert!(text.starts_with("psr_"));
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{text}");
    }

    #[test]
    fn every_bit_flipped_is_refused() {
        let text = tokens("secret").write(&token());
        assert_eq!(verify(&text), Some(token()));
        for (position, bit) in (0..text.len()).flat_map(|position| (0..7).map(move |bit| (position, bit))) {
            let mut bytes = text.clone().into_bytes();
            bytes[position] ^= 1 << bit;
            let flipped = String::from_utf8(bytes).unwrap();
            assert_eq!(verify(&flipped), None, "bit {bit} of byte {position}");
        }
    }

    #[test]
    fn a_token_under_another_secret_is_refused() {
        assert_eq!(verify(&tokens("another").write(&token())), None);
    }

    #[rstest]
    #[case::nothing("")]
    #[case::the_prefix_alone("psr_")]
    #[case::another_prefix("prs_AAAA")]
    #[case::a_uuid("0b8f3a2e-7c55-4a58-9a8e-6a3a4b1f2c11")]
    #[case::foreign_base64("psr_+/+/")]
    #[case::letters_of_no_alphabet("psr_ééé")]
    fn what_nobody_issued_is_refused(#[case] text: &str) {
        assert_eq!(verify(text), None);
    }

    #[test]
    fn a_token_with_more_or_less_is_refused() {
        let text = tokens("secret").write(&token());
        for deformed in
            [format!("{text}A"), format!("{text}="), format!("{text}AAAA"), text[..80].into(), text[..64].into()]
        {
            assert_eq!(verify(&deformed), None, "{deformed}");
        }
    }

    #[test]
    fn a_token_can_not_be_printed() {
        assert!(!format!("{:?}", PresentedToken::parse("psr_abc").unwrap()).contains("psr_"));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(id in 1..=UserId::MAX, session: [u8; 16], counter: u32) {
            let token = RefreshToken { user: UserId::new(id).unwrap(), session: SessionId(session), counter };
            prop_assert_eq!(verify(&tokens("secret").write(&token)), Some(token));
        }

        #[test]
        fn no_text_makes_it_panic(text in "(psr_)?\\PC{0,100}") {
            prop_assert_eq!(verify(&text), None);
        }
    }
}
