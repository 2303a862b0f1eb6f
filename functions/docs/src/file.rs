//! The files that the documentation consists of, and how they are sent: so that browsers and caches keep them, and ask only
//! whether they have changed.

use shared::http::{self, Body, HeaderName, HeaderValue, Response, StatusCode, header};

/// What the page may do: run and show what comes from here and call the API, and nothing else. Swagger UI's icons stand in
/// its style sheet.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// The first two bytes of what is compressed (RFC 1952, section 2.3.1).
const GZIP: &[u8] = &[0x1f, 0x8b];

const HTML: &str = "text/html; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// For five minutes: a page that has changed, or gone, is soon seen to have.
const SHORT: &str = "public, max-age=300";
/// For a day.
const LONG: &str = "public, max-age=86400";

/// A file, as it is sent.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) path: &'static str,
    kind: &'static str,
    /// For how long it may be kept without a question: its `Cache-Control`.
    kept: &'static str,
    content: &'static [u8],
    /// Its entity tag, which no other content of it has.
    tag: &'static str,
}

/// The content and the entity tag that were built under a name.
macro_rules! built {
    ($name:literal) => {
        (
            include_bytes!(concat!(env!("OUT_DIR"), "/", $name)).as_slice(),
            include_str!(concat!(env!("OUT_DIR"), "/", $name, ".etag")),
        )
    };
}

/// All of them; what comes from Swagger UI's package is compressed.
pub(crate) static FILES: [File; 6] = [
    File::new("/api/docs", HTML, SHORT, built!("index.html")),
    File::new("/api/docs/start.js", JAVASCRIPT, LONG, built!("start.js")),
    File::new("/api/docs/swagger-ui-bundle.js", JAVASCRIPT, LONG, built!("swagger-ui-bundle.js.gz")),
    File::new("/api/docs/swagger-ui.css", "text/css", LONG, built!("swagger-ui.css.gz")),
    File::new("/api/docs/favicon-32x32.png", "image/png", LONG, built!("favicon-32x32.png.gz")),
    File::new("/api/schema", "application/json", LONG, built!("schema.json")),
];

impl File {
    const fn new(
        path: &'static str,
        kind: &'static str,
        kept: &'static str,
        (content, tag): (&'static [u8], &'static str),
    ) -> Self {
        Self { path, kind, kept, content, tag }
    }

    /// Whether its entity tag is among those of a header `If-None-Match`, weak or not (RFC 9110, section 13.1.2).
    pub(crate) fn is_among(&self, tags: &[u8]) -> bool {
        let mut tags = tags.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
        tags.any(|tag| tag == b"*" || tag.strip_prefix(b"W/").unwrap_or(tag) == self.tag.as_bytes())
    }

    /// 304: whoever asks has it already.
    pub(crate) fn unchanged(&self) -> Response {
        let mut response = self.with(Body::Empty);
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response.headers_mut().remove(header::CONTENT_TYPE);
        response
    }

    /// 200, with the content.
    pub(crate) fn whole(&self) -> Response {
        // What is no text is sent as bytes.
        let body = str::from_utf8(self.content).map_or_else(|_| Body::from(self.content), Body::from);
        let mut response = self.with(body);
        let headers = response.headers_mut();
        if self.content.starts_with(GZIP) {
            // Every browser takes it.
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if self.kind == HTML {
            headers.insert(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
            headers.insert(HeaderName::from_static("referrer-policy"), HeaderValue::from_static("no-referrer"));
        }
        response
    }

    fn with(&self, body: Body) -> Response {
        let mut response = http::document(self.kind, body);
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(self.kept));
        headers.insert(header::ETAG, HeaderValue::from_static(self.tag));
        response
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rstest::rstest;

    use super::*;

    const FILE: File = File::new("/api/docs/a.css", "text/css", LONG, (b"a {}", "\"1f-4\""));

    #[rstest]
    #[case::alone("\"1f-4\"")]
    #[case::weak("W/\"1f-4\"")]
    #[case::behind_another("\"1f-5\", \"1f-4\"")]
    #[case::without_a_blank("W/\"1f-5\",W/\"1f-4\"")]
    #[case::any(" * ")]
    fn an_entity_tag_that_is_known_is_found(#[case] header: &str) {
        assert!(FILE.is_among(header.as_bytes()));
    }

    #[rstest]
    #[case::of_another_content("\"1f-5\"")]
    #[case::without_quotes("1f-4")]
    #[case::with_more_behind_it("\"1f-4\"x")]
    #[case::with_a_small_w("w/\"1f-4\"")]
    #[case::empty("")]
    fn another_one_is_not(#[case] header: &str) {
        assert!(!FILE.is_among(header.as_bytes()));
    }

    #[test]
    fn every_file_has_a_strong_entity_tag_of_its_own() {
        let tags: BTreeSet<_> = FILES.iter().map(|file| file.tag).collect();
        assert_eq!(tags.len(), FILES.len());
        for tag in tags {
            let inner = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).unwrap();
            assert!(inner.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-'), "{tag}");
        }
    }

    #[test]
    fn who_has_a_file_is_not_sent_it_again_and_keeps_it_on() {
        let (whole, unchanged) = (FILE.whole(), FILE.unchanged());
        assert_eq!((whole.status().as_u16(), whole.body()), (200, &Body::from("a {}")));
        assert_eq!((unchanged.status().as_u16(), unchanged.body()), (304, &Body::Empty));
        for name in [header::CACHE_CONTROL, header::ETAG, header::X_CONTENT_TYPE_OPTIONS] {
            assert_eq!(unchanged.headers().get(&name), whole.headers().get(&name), "{name}");
        }
        assert!(unchanged.headers().get(header::CONTENT_TYPE).is_none());
    }
}
