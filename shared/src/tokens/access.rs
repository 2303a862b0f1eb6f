//! Access tokens: JWTs as in RFC 9068 (`at+jwt`), signed with HS256.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::{
    Error,
    clock::{Clock, UnixSeconds},
    domain::{Generation, Holder, UserId},
    error::AccessTokenFault,
    keys::{KeyStore, Keys},
    random::Random,
};

/// The header's `typ` (RFC 9068, section 2.1).
const TYPE: &str = "at+jwt";

/// Longer tokens are not decoded. Those that this service issues have about 400 bytes.
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

/// The claims. Nothing personal: whoever holds the token can read them.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    iat: UnixSeconds,
    exp: UnixSeconds,
    /// Unique to the token: the user's generation, a dot and random characters.
    jti: String,
}

impl AccessTokens {
    pub(crate) fn new(keys: Arc<KeyStore>, issuer: &str, audience: &str, clock: Clock, random: Random) -> Self {
        // The key decides the algorithm, whatever the token's header says (RFC 8725, section 3.1).
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_required_spec_claims(&["aud", "exp", "iss", "sub"]);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        // Checked below, against the injected clock and without leeway.
        validation.validate_exp = false;
        Self { keys, issuer: issuer.into(), audience: audience.into(), validation, clock, random }
    }

    /// Loads the keys before the first request.
    pub async fn warm_up(&self) {
        self.keys.warm_up().await;
    }

    /// Issues a token that expires in `lifetime` seconds.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the keys cannot be read, [`Error::Internal`] if randomness or signing fails.
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

    /// Verifies a token and returns its holder. Whether it has been revoked since, the users table says.
    ///
    /// # Errors
    /// [`Error::AccessToken`]: `Token has expired.` for an expired token of this service, `Invalid token.` for any other.
    /// [`Error::Unavailable`] if the keys to verify it with cannot be read.
    pub async fn verify(&self, token: &str) -> Result<Holder, Error> {
        let Some(key_id) = key_id(token) else { return Err(Error::AccessToken(AccessTokenFault::Invalid)) };
        // The keys with the token's `kid` are found even if they did not sign it: there are no others to try.
        let claims = self.keys.find(|keys| (keys.id == key_id).then(|| self.claims(token, keys))).await?.flatten();
        let Some(claims) = claims else { return Err(Error::AccessToken(AccessTokenFault::Invalid)) };
        if claims.exp <= self.clock.now() {
            return Err(Error::AccessToken(AccessTokenFault::Expired));
        }
        claims.holder().ok_or(Error::AccessToken(AccessTokenFault::Invalid))
    }

    /// The claims of a token signed with these keys, even if it has expired.
    fn claims(&self, token: &str, keys: &Keys) -> Option<Claims> {
        jsonwebtoken::decode(token, &keys.verifying, &self.validation).ok().map(|data| data.claims)
    }
}

impl Claims {
    fn holder(&self) -> Option<Holder> {
        let user = self.sub.parse().ok().and_then(UserId::new)?;
        // Tokens issued before generations existed have the first one.
        let generation = match self.jti.split_once('.') {
            Some((generation, _)) => generation.parse().ok()?,
            None => Generation::default(),
        };
        // Only the form that `issue` writes: no sign, no leading zeros.
        (user.to_string() == self.sub).then_some(Holder { user, generation })
    }
}

/// The key id of a token, unless this service cannot have written its header.
fn key_id(token: &str) -> Option<String> {
    if token.len() > MAX_BYTES {
        return None;
    }
    let header = jsonwebtoken::decode_header(token).ok()?;
    // `crit` lists extensions that must be understood, and none is supported (RFC 7515, section 4.1.11).
    let is_ours = header.typ.as_deref() == Some(TYPE) && header.alg == Algorithm::HS256 && header.crit.is_none();
    header.kid.filter(|_| is_ours)
}

#[cfg(test)]
mod forgeries;
#[cfg(test)]
mod tests;
