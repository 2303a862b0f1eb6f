//! Access tokens: JWTs after RFC 9068 (`at+jwt`), signed with HS256.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::{
    Error,
    clock::{Clock, UnixSeconds},
    domain::{Generation, Holder, UserId},
    keys::{KeyStore, Keys},
    random::Random,
};

/// The header's `typ` (RFC 9068, section 2.1).
const TYPE: &str = "at+jwt";

/// A token of ours has some 400 bytes; a longer one is not even decoded.
const MAX_BYTES: usize = 4096;

/// Issues and verifies access tokens.
#[derive(Debug, Clone)]
pub struct AccessTokens {
    keys: Arc<KeyStore>,
    issuer: String,
    audience: String,
    validation: Validation,
    clock: Clock,
    random: Random,
}

/// What a token says. Nothing personal: anyone who holds the token reads it.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    iat: UnixSeconds,
    exp: UnixSeconds,
    /// Unique to the token. It begins with the user's generation and a dot.
    jti: String,
}

impl AccessTokens {
    pub(crate) fn new(keys: Arc<KeyStore>, issuer: &str, audience: &str, clock: Clock, random: Random) -> Self {
        // The algorithm is the key's, whatever the token names (RFC 8725, section 3.1).
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_required_spec_claims(&["aud", "exp", "iss", "sub"]);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        // Checked here, against the clock that was handed in and without leeway.
        validation.validate_exp = false;
        Self { keys, issuer: issuer.into(), audience: audience.into(), validation, clock, random }
    }

    /// Reads the keys before the first request.
    pub async fn warm_up(&self) {
        self.keys.warm_up().await;
    }

    /// A token for the holder that expires in `lifetime` seconds.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when there are no keys, [`Error::Internal`] when there is no randomness or the signature fails.
    pub async fn issue(&self, holder: Holder, lifetime: u64) -> Result<String, Error> {
        let now = self.clock.now();
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: holder.user.to_string(),
            iat: now,
            exp: now.saturating_add(lifetime),
            jti: format!("{}.{}", holder.generation.get(), BASE64_URL_SAFE_NO_PAD.encode(self.random.bytes::<16>()?)),
        };
        let keys = self.keys.signing().await?;
        let header = Header { typ: Some(TYPE.into()), kid: Some(keys.id.clone()), ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&header, &claims, &keys.signing).map_err(Error::internal)
    }

    /// Whom the token was issued to. Whether it was voided since, the table of users tells.
    ///
    /// # Errors
    /// [`Error::TokenRefused`]: `Token has expired.` for a token of ours whose time is over, `Invalid token.` for any other.
    /// [`Error::Unavailable`] when it can not be told whose the token is.
    pub async fn verify(&self, token: &str) -> Result<Holder, Error> {
        let Some(key_id) = key_id(token) else { return Err(Error::INVALID_TOKEN) };
        // Keys that the token names and that did not sign it are found all the same: there are no others to look for.
        let claims = self.keys.find(|keys| (keys.id == key_id).then(|| self.claims(token, keys))).await?.flatten();
        let Some(claims) = claims else { return Err(Error::INVALID_TOKEN) };
        if claims.exp <= self.clock.now() {
            return Err(Error::EXPIRED_TOKEN);
        }
        claims.holder().ok_or(Error::INVALID_TOKEN)
    }

    /// The claims of a token signed with these keys, expired or not.
    fn claims(&self, token: &str, keys: &Keys) -> Option<Claims> {
        jsonwebtoken::decode(token, &keys.verifying, &self.validation).ok().map(|data| data.claims)
    }
}

impl Claims {
    fn holder(&self) -> Option<Holder> {
        let user = self.sub.parse().ok().and_then(UserId::new)?;
        // What was issued before there were generations has the first one.
        let generation = match self.jti.split_once('.') {
            Some((generation, _)) => generation.parse().ok()?,
            None => Generation::default(),
        };
        // As it was written: no sign and no zeros before it.
        (user.to_string() == self.sub).then_some(Holder { user, generation })
    }
}

/// The keys that a token names, unless its header is not one of ours.
fn key_id(token: &str) -> Option<String> {
    if token.len() > MAX_BYTES {
        return None;
    }
    let header = jsonwebtoken::decode_header(token).ok()?;
    // `crit` names what must be understood, and nothing is (RFC 7515, section 4.1.11).
    let is_ours = header.typ.as_deref() == Some(TYPE) && header.alg == Algorithm::HS256 && header.crit.is_none();
    header.kid.filter(|_| is_ours)
}

#[cfg(test)]
mod forgeries;
#[cfg(test)]
mod tests;
