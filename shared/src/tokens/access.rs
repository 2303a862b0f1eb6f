//! Access tokens: JWTs as in RFC 9068 (`at+jwt`), signed with ES256 or HS256.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::{Deserialize, Serialize};

use super::Issuer;
use crate::{
    Error,
    clock::{Clock, UnixSeconds},
    domain::{Generation, Holder, SessionId, UserId},
    error::AccessTokenFault,
    http::Request,
    keys::{AccessKey, KeyStore},
    random::Random,
    settings::{Settings, SigningAlgorithm},
};

/// The header's `typ` (RFC 9068, section 2.1).
const TYPE: &str = "at+jwt";

/// Longer tokens are not decoded. Those that this service issues have about 500 bytes.
const MAX_BYTES: usize = 4096;

/// Issues and verifies access tokens.
#[derive(Debug, Clone)]
pub struct AccessTokens {
    keys: Arc<KeyStore>,
    issuer: Issuer,
    audience: String,
    es256: Validation,
    hs256: Validation,
    clock: Clock,
    random: Random,
}

/// What a verified access token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken {
    pub holder: Holder,
    /// The claim `sid`: the session's [public id](crate::domain::PublicSessionId). Tokens issued before version 0.3 have none.
    pub session_id: Option<String>,
    /// The claim `exp`, in Unix seconds.
    pub expires_at: UnixSeconds,
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
    /// The session's public id.
    sid: Option<String>,
}

impl AccessTokens {
    pub(crate) fn new(keys: Arc<KeyStore>, issuer: Issuer, audience: &str, clock: Clock, random: Random) -> Self {
        let validation = |algorithm| {
            let mut validation = Validation::new(algorithm);
            validation.set_required_spec_claims(&["aud", "exp", "iss", "sub"]);
            validation.set_audience(&[audience]);
            // Checked below, against the injected clock and without leeway.
            validation.validate_exp = false;
            validation
        };
        let (es256, hs256) = (validation(Algorithm::ES256), validation(Algorithm::HS256));
        Self { keys, issuer, audience: audience.into(), es256, hs256, clock, random }
    }

    /// Loads the keys before the first request.
    pub async fn warm_up(&self) {
        self.keys.warm_up().await;
    }

    /// Issues a token for a session at a request, with the algorithm and the lifetime of the settings.
    ///
    /// # Errors
    /// [`Error::Internal`] if the issuer is not known, else as [`AccessTokens::issue_token`].
    pub async fn issue(
        &self,
        request: &Request,
        holder: Holder,
        session: SessionId,
        settings: &Settings,
    ) -> Result<String, Error> {
        self.issue_token(self.issuer.of(request)?, holder, session, settings).await
    }

    /// Issues a token of this issuer.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the keys cannot be read, [`Error::Internal`] if randomness or signing fails.
    pub async fn issue_token(
        &self,
        issuer: String,
        holder: Holder,
        session: SessionId,
        settings: &Settings,
    ) -> Result<String, Error> {
        let now = self.clock.now();
        let claims = Claims {
            iss: issuer,
            aud: self.audience.clone(),
            sub: holder.user.to_string(),
            iat: now,
            exp: now.saturating_add(settings.access_token_seconds()),
            jti: format!("{}.{}", holder.generation.get(), BASE64_URL_SAFE_NO_PAD.encode(self.random.bytes::<16>()?)),
            sid: Some(session.public().to_string()),
        };
        let keys = self.keys.signing().await?;
        let key = keys.access_key(settings.access_token_algorithm());
        let algorithm = Header::new(jwt_algorithm(key.algorithm));
        let header = Header { typ: Some(TYPE.into()), kid: Some(key.id.clone()), ..algorithm };
        jsonwebtoken::encode(&header, &claims, &key.signing).map_err(Error::internal)
    }

    /// Verifies the token of a request. Whether it has been revoked since, the users table says.
    ///
    /// # Errors
    /// [`Error::NoCredentials`] without a token, [`Error::Internal`] if the issuer is not known, else as
    /// [`AccessTokens::verify_token`].
    pub async fn verify(&self, request: &Request) -> Result<AccessToken, Error> {
        let token = request.bearer_token()?;
        self.verify_token(token, &self.issuer.of(request)?).await
    }

    /// Verifies a token of this issuer.
    ///
    /// # Errors
    /// [`Error::AccessToken`]: `Token has expired.` for an expired token of this service, `Invalid token.` for any other.
    /// [`Error::Unavailable`] if the keys to verify it with cannot be read.
    pub async fn verify_token(&self, token: &str, issuer: &str) -> Result<AccessToken, Error> {
        let invalid = || Error::AccessToken(AccessTokenFault::Invalid);
        let header = header(token).ok_or_else(invalid)?;
        let id = header.kid.ok_or_else(invalid)?;
        // A known `kid` ends the search, even if the token is not valid under that key.
        let pick =
            |key: &AccessKey| (jwt_algorithm(key.algorithm) == header.alg).then(|| self.claims(token, key)).flatten();
        let claims = self.keys.find(|keys| keys.access_key_with_id(&id).map(pick)).await?.flatten();
        let claims = claims.filter(|claims| claims.iss == issuer).ok_or_else(invalid)?;
        if claims.exp <= self.clock.now() {
            return Err(Error::AccessToken(AccessTokenFault::Expired));
        }
        let holder = claims.holder().ok_or_else(invalid)?;
        Ok(AccessToken { holder, session_id: claims.sid, expires_at: claims.exp })
    }

    /// The claims of a token signed with this key, even if it has expired.
    fn claims(&self, token: &str, key: &AccessKey) -> Option<Claims> {
        // The key decides the algorithm, whatever the token's header says (RFC 8725, section 3.1).
        let validation = match key.algorithm {
            SigningAlgorithm::Es256 => &self.es256,
            SigningAlgorithm::Hs256 => &self.hs256,
        };
        jsonwebtoken::decode(token, &key.verifying, validation).ok().map(|data| data.claims)
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

/// What the library calls an algorithm.
fn jwt_algorithm(algorithm: SigningAlgorithm) -> Algorithm {
    match algorithm {
        SigningAlgorithm::Es256 => Algorithm::ES256,
        SigningAlgorithm::Hs256 => Algorithm::HS256,
    }
}

/// The header of a token, unless this service cannot have written it.
fn header(token: &str) -> Option<Header> {
    if token.len() > MAX_BYTES {
        return None;
    }
    let header = jsonwebtoken::decode_header(token).ok()?;
    // `crit` lists extensions that must be understood, and none is supported (RFC 7515, section 4.1.11).
    (header.typ.as_deref() == Some(TYPE) && header.crit.is_none()).then_some(header)
}

#[cfg(test)]
mod forgeries;
#[cfg(test)]
mod tests;
