//! Refresh tokens: opaque to clients, `psr_` and 80 characters of base64url.
//!
//! A token contains the session's handle (user id, session id, counter) and a MAC over it. The table stores neither tokens nor
//! their hashes, so a leaked table is no help in forging one; session ids are random, so a leaked secret does not reveal them;
//! and a forged token is refused without a read.

use std::{fmt, sync::Arc};

use aws_lc_rs::hmac;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::{
    Error,
    domain::{Field, Message, Rules, SessionHandle, SessionId, UserId},
    error::RefreshTokenFault,
    keys::{KeyStore, Keys},
};

/// Identifies the token to people and secret scanners.
const PREFIX: &str = "psr_";

/// User id, session id and counter, all big-endian.
const CONTENT_BYTES: usize = 8 + 16 + 4;

/// HMAC-SHA256.
const MAC_BYTES: usize = 32;

/// The field `refresh` of a body: any text, since an invalid token gets the same answer as an expired one.
#[derive(Clone)]
pub struct PresentedToken(String);

impl Field for PresentedToken {
    const NAME: &'static str = "refresh";
}

impl Rules for PresentedToken {
    fn check(text: &str) -> Result<Self, Vec<Message>> {
        Ok(Self(text.into()))
    }
}

impl fmt::Debug for PresentedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PresentedToken([redacted])")
    }
}

/// Issues and verifies refresh tokens.
#[derive(Debug, Clone)]
pub struct RefreshTokens {
    keys: Arc<KeyStore>,
}

impl RefreshTokens {
    pub(crate) fn new(keys: Arc<KeyStore>) -> Self {
        Self { keys }
    }

    /// Loads the keys before the first request.
    pub async fn warm_up(&self) {
        self.keys.warm_up().await;
    }

    /// The token for a handle.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the keys cannot be read.
    pub async fn write(&self, token: &SessionHandle) -> Result<String, Error> {
        let mut bytes = Vec::with_capacity(CONTENT_BYTES + MAC_BYTES);
        bytes.extend(token.user.get().to_be_bytes());
        bytes.extend(token.session.0);
        bytes.extend(token.counter.to_be_bytes());
        let mac = hmac::sign(&self.keys.signing().await?.refresh, &bytes);
        bytes.extend(mac.as_ref());
        Ok(format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Verifies a token and returns its session's handle.
    ///
    /// # Errors
    /// [`Error::RefreshToken`] if this service did not issue it, [`Error::Unavailable`] if the keys cannot be read.
    pub async fn verify(&self, presented: &PresentedToken) -> Result<SessionHandle, Error> {
        let sealed = Sealed::parse(&presented.0).ok_or(Error::RefreshToken(RefreshTokenFault::Invalid))?;
        self.keys.find(|keys| sealed.open(keys)).await?.ok_or(Error::RefreshToken(RefreshTokenFault::Invalid))
    }
}

/// A decoded token whose MAC has not been verified.
struct Sealed {
    content: [u8; CONTENT_BYTES],
    mac: [u8; MAC_BYTES],
}

impl Sealed {
    fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
        let (content, mac) = bytes.split_first_chunk()?;
        Some(Self { content: *content, mac: mac.try_into().ok()? })
    }

    /// The handle, if the MAC was made with these keys.
    fn open(&self, keys: &Keys) -> Option<SessionHandle> {
        // In constant time.
        hmac::verify(&keys.refresh, &self.content, &self.mac).ok()?;
        let (user, rest) = self.content.split_first_chunk()?;
        let (session, counter) = rest.split_first_chunk()?;
        Some(SessionHandle {
            user: UserId::new(u64::from_be_bytes(*user))?,
            session: SessionId(*session),
            counter: u32::from_be_bytes(*counter.first_chunk()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use proptest::prelude::*;
    use rstest::rstest;
    use secrecy::SecretString;

    use super::*;

    fn tokens(secret: &str) -> RefreshTokens {
        let keys = Keys::derive(&SecretString::from(secret)).unwrap();
        RefreshTokens::new(Arc::new(KeyStore::Fixed(Arc::new(keys))))
    }

    /// Fixed keys are available at once.
    fn write(secret: &str, token: &SessionHandle) -> String {
        tokens(secret).write(token).now_or_never().unwrap().unwrap()
    }

    fn verify(text: &str) -> Option<SessionHandle> {
        tokens("secret").verify(&PresentedToken::check(text).unwrap()).now_or_never().unwrap().ok()
    }

    fn token() -> SessionHandle {
        SessionHandle { user: UserId::new(42).unwrap(), session: SessionId([7; 16]), counter: 3 }
    }

    #[test]
    fn a_token_is_84_characters_that_need_no_escaping_in_a_url() {
        let text = write("secret", &token());
        assert_eq!(text.len(), 84);
        assert!(text.starts_with("psr_"));
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{text}");
    }

    #[test]
    fn statement_15_every_bit_flipped_is_refused() {
        let text = write("secret", &token());
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
        assert_eq!(verify(&write("another", &token())), None);
    }

    #[rstest]
    #[case::nothing("")]
    #[case::the_prefix_alone("psr_")]
    #[case::another_prefix("prs_AAAA")]
    #[case::a_uuid("0b8f3a2e-7c55-4a58-9a8e-6a3a4b1f2c11")]
    #[case::foreign_base64("psr_+/+/")]
    #[case::letters_of_no_alphabet("psr_ééé")]
    fn statement_15_what_nobody_issued_is_refused(#[case] text: &str) {
        assert_eq!(verify(text), None);
    }

    #[test]
    fn a_token_with_more_or_less_is_refused() {
        let text = write("secret", &token());
        for deformed in
            [format!("{text}A"), format!("{text}="), format!("{text}AAAA"), text[..80].into(), text[..64].into()]
        {
            assert_eq!(verify(&deformed), None, "{deformed}");
        }
    }

    #[test]
    fn a_token_cannot_be_printed() {
        assert!(!format!("{:?}", PresentedToken::parse("psr_abc").unwrap()).contains("psr_"));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(id in 1..=UserId::MAX, session: [u8; 16], counter: u32) {
            let token = SessionHandle { user: UserId::new(id).unwrap(), session: SessionId(session), counter };
            prop_assert_eq!(verify(&write("secret", &token)), Some(token));
        }

        #[test]
        fn statement_20_no_text_makes_it_panic(text in "(psr_)?\\PC{0,100}") {
            prop_assert_eq!(verify(&text), None);
        }
    }
}
