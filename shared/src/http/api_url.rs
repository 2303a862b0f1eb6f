//! The API's own URL.

use super::Request;
use crate::Error;

/// What stands for the API's id in a URL that API Gateway assigned.
const API_ID: &str = "{api}";

/// The API's own URL, without a slash at its end. Its paths begin behind it.
///
/// API Gateway's URL of an API contains the API's id, which a template cannot give to the functions behind it: they would depend
/// on the API, and the API depends on them. It comes with each request instead, from API Gateway itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiUrl(String);

impl ApiUrl {
    /// This URL, in which `{api}` stands for the API's id.
    pub fn new(url: &str) -> Self {
        Self(url.trim_end_matches('/').into())
    }

    /// The URL, if it is known without a request.
    pub fn fixed(&self) -> Option<&str> {
        (!self.0.contains(API_ID)).then_some(&self.0)
    }

    /// The URL of the API that a request came through.
    ///
    /// # Errors
    /// [`Error::Internal`] if the URL contains the API's id and the event does not.
    pub fn of(&self, request: &Request) -> Result<String, Error> {
        match (self.fixed(), &*request.api_id) {
            (Some(url), _) => Ok(url.into()),
            (None, "") => Err(Error::internal("the event has no API id: set API_URL to the API's URL")),
            (None, id) => Ok(self.with_id(id)),
        }
    }

    /// The URL of the API with this id.
    pub(crate) fn with_id(&self, id: &str) -> String {
        self.0.replace(API_ID, id)
    }
}
