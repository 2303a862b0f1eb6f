//! `GET /api/schema/`: the API as an OpenAPI document. `GET /api/docs/`: the same to read and to try out.

use shared::{
    Error, Service,
    http::{self, HeaderName, HeaderValue, Method, Request, Response, header},
    lambda::Endpoint,
};

/// Shows the API's documentation.
#[derive(Debug)]
pub struct Docs;

const SCHEMA: &str = "/api/schema";

/// What the page may do: run and show what comes from here and call the API, and nothing else. Swagger UI's icons stand in
/// its style sheet.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// A part of the page: its path below the page's, its type and its content.
type Asset = (&'static str, &'static str, &'static [u8]);

/// What the page consists of; what comes from the package is compressed.
const ASSETS: [Asset; 4] = [
    ("/start.js", JAVASCRIPT, include_bytes!("page/start.js")),
    ("/swagger-ui-bundle.js", JAVASCRIPT, include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui-bundle.js.gz"))),
    ("/swagger-ui.css", "text/css", include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui.css.gz"))),
    ("/favicon-32x32.png", "image/png", include_bytes!(concat!(env!("OUT_DIR"), "/favicon-32x32.png.gz"))),
];

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// The first two bytes of what is compressed (RFC 1952, section 2.3.1).
const GZIP: &[u8] = &[0x1f, 0x8b];

impl Endpoint for Docs {
    const PATH: &'static str = "/api/docs";
    const METHODS: &'static [Method] = &[Method::GET, Method::HEAD];

    fn new(_: &Service) -> Self {
        Self
    }

    fn takes(path: &str) -> bool {
        path == SCHEMA || path == Self::PATH || asset(path).is_some()
    }

    async fn handle(&self, request: &Request) -> Result<Response, Error> {
        match request.path.as_str() {
            SCHEMA => Ok(http::document("application/json", include_str!(concat!(env!("OUT_DIR"), "/schema.json")))),
            Self::PATH => Ok(page()),
            path => asset(path).map(show).ok_or(Error::NotFound),
        }
    }
}

fn page() -> Response {
    let mut page = http::document("text/html; charset=utf-8", include_str!("page/index.html"));
    page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    page.headers_mut().insert(HeaderName::from_static("referrer-policy"), HeaderValue::from_static("no-referrer"));
    page
}

fn asset(path: &str) -> Option<Asset> {
    let name = path.strip_prefix(Docs::PATH)?;
    ASSETS.into_iter().find(|(asset, ..)| *asset == name)
}

fn show((_, kind, content): Asset) -> Response {
    let mut response = http::document(kind, content);
    if content.starts_with(GZIP) {
        // Every browser takes it.
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}
