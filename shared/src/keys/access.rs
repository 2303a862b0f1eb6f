//! The keys of access tokens: one for each algorithm, which verifies tokens of that algorithm only.

use aws_lc_rs::{
    agreement::{ECDH_P256, PrivateKey},
    encoding::{AsDer, Pkcs8V1Der},
};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey,
    jwk::{Jwk, PublicKeyUse, ThumbprintHash},
};
use secrecy::SecretString;

use super::derive::expand;
use crate::{error::StoreError, settings::SigningAlgorithm};

/// The label of the ES256 key, before the number of the candidate.
const ES256_LABEL: &[u8] = b"access token, ES256";

/// A key of access tokens.
pub(crate) struct AccessKey {
    /// Names the key in a token's header.
    pub(crate) id: String,
    pub(crate) algorithm: SigningAlgorithm,
    pub(crate) signing: EncodingKey,
    pub(crate) verifying: DecodingKey,
}

impl AccessKey {
    /// The key with this id for HS256: 32 bytes, as long as the output of HMAC-SHA256 (RFC 7518, section 3.2).
    pub(super) fn hs256(secret: &SecretString, id: String) -> Result<Self, StoreError> {
        let key: [u8; 32] = expand(secret, &[b"access token, HS256"])?;
        Ok(Self {
            id,
            algorithm: SigningAlgorithm::Hs256,
            signing: EncodingKey::from_secret(&key),
            verifying: DecodingKey::from_secret(&key),
        })
    }

    /// The key for ES256, which its thumbprint (RFC 7638) names, and its public half.
    ///
    /// The private key is the first of up to 256 derived candidates that is a scalar of the curve, as in RFC 9180, section 7.1.3.
    /// That is the first one but for one secret in 2^32.
    pub(super) fn es256(secret: &SecretString) -> Result<(Self, Jwk), StoreError> {
        for number in 0..=u8::MAX {
            let candidate: [u8; 32] = expand(secret, &[ES256_LABEL, &[number]])?;
            // It rejects 0, and everything from the curve's order on.
            if let Ok(private) = PrivateKey::from_private_key(&ECDH_P256, &candidate) {
                return Self::with_private_key(&private).ok_or(StoreError::KeyDerivation);
            }
        }
        Err(StoreError::KeyDerivation)
    }

    fn with_private_key(private: &PrivateKey) -> Option<(Self, Jwk)> {
        let pkcs8: Pkcs8V1Der<'_> = private.as_der().ok()?;
        let signing = EncodingKey::from_ec_der(pkcs8.as_ref());
        let mut public = Jwk::from_encoding_key(&signing, Algorithm::ES256).ok()?;
        let id = public.thumbprint(ThumbprintHash::SHA256).ok()?;
        public.common.key_id = Some(id.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        let verifying = DecodingKey::from_jwk(&public).ok()?;
        Some((Self { id, algorithm: SigningAlgorithm::Es256, signing, verifying }, public))
    }
}
