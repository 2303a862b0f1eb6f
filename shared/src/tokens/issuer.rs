//! Who issues access tokens.

use crate::{
    Error,
    http::{ApiUrl, Request},
};

/// The issuer of access tokens: a text that the operator chose, or else the API's own URL, where OpenID Connect Discovery 1.0
/// (section 4) looks for the keys.
#[derive(Debug, Clone)]
pub struct Issuer {
    chosen: Option<String>,
    api: ApiUrl,
}

impl Issuer {
    /// The chosen issuer, or else the URL.
    pub fn new(chosen: Option<String>, api: ApiUrl) -> Self {
        Self { chosen, api }
    }

    /// The claim `iss`, if it is known without a request.
    pub fn fixed(&self) -> Option<&str> {
        self.chosen.as_deref().or_else(|| self.api.fixed())
    }

    /// The claim `iss` of tokens that are issued and accepted for a request.
    ///
    /// # Errors
    /// As [`ApiUrl::of`].
    pub fn of(&self, request: &Request) -> Result<String, Error> {
        self.chosen.clone().map_or_else(|| self.api.of(request), Ok)
    }
}
