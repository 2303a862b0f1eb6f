//! `GET /api/schema/`: the API as an OpenAPI document. `GET /api/docs/`: a page to read and try it.

mod file;

use file::File;
use shared::{
    Error,
    http::{Method, Request, Response},
    runtime::{Service, lambda::Endpoint},
};

/// Serves the API's documentation.
#[derive(Debug)]
pub struct Docs;

impl Endpoint for Docs {
    const NAME: &'static str = "docs";
    const PATHS: &'static [&'static str] = &file::PATHS;
    const METHODS: &'static [Method] = &[Method::GET];

    fn new(_: &Service) -> Self {
        Self
    }

    async fn handle(&self, request: &Request) -> Result<Response, Error> {
        let file = File::find(&request.path, request.ends_with_slash).ok_or(Error::NotFound)?;
        Ok(file.answer(request))
    }
}
