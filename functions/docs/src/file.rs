//! The files of the documentation. Their headers let browsers and caches keep them and ask only whether they have changed.

use shared::http::{self, Body, HeaderName, HeaderValue, Request, Response, header};

/// The page may only load files from here and call the API. Swagger UI's icons are in its style sheet.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// The first two bytes of a gzip file (RFC 1952, section 2.3.1).
const GZIP: &[u8] = &[0x1f, 0x8b];

const HTML: &str = "text/html; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const JSON: &str = "application/json";

/// Five minutes, so that a changed or removed page is noticed soon.
const SHORT: &str = "public, max-age=300";
/// One day.
const LONG: &str = "public, max-age=86400";

/// A file with its headers.
#[derive(Debug)]
pub(crate) struct File {
    path: &'static str,
    kind: &'static str,
    /// Its `Cache-Control`.
    kept: &'static str,
    content: &'static [u8],
    /// Its entity tag, derived from the content.
    tag: &'static str,
}

/// The content and entity tag of a built file.
macro_rules! built {
    ($name:literal) => {
        (
            include_bytes!(concat!(env!("OUT_DIR"), "/", $name)).as_slice(),
            include_str!(concat!(env!("OUT_DIR"), "/", $name, ".etag")),
        )
    };
}

/// All files; those of Swagger UI's package are compressed. Their links are relative, so that they work under any base path.
const FILES: [File; 6] = [
    File::new("/api/docs", HTML, SHORT, built!("index.html")),
    File::new("/api/docs/start.js", JAVASCRIPT, LONG, built!("start.js")),
    File::new("/api/docs/swagger-ui-bundle.js", JAVASCRIPT, LONG, built!("swagger-ui-bundle.js.gz")),
    File::new("/api/docs/swagger-ui.css", "text/css", LONG, built!("swagger-ui.css.gz")),
    File::new("/api/docs/favicon-32x32.png", "image/png", LONG, built!("favicon-32x32.png.gz")),
    File::new("/api/schema", JSON, LONG, built!("schema.json")),
];

/// The paths of all files.
pub(crate) const PATHS: [&str; FILES.len()] = {
    let mut paths = [""; FILES.len()];
    let mut index = 0;
    while index < paths.len() {
        #[expect(clippy::indexing_slicing, reason = "in a constant: out of bounds would not compile")]
        {
            paths[index] = FILES[index].path;
        }
        index += 1;
    }
    paths
};

/// The files with relative links, for requests without a trailing slash: these links begin one folder higher.
static WITHOUT_SLASH: [File; 2] = [
    File::new("/api/docs", HTML, SHORT, built!("index-without-slash.html")),
    File::new("/api/schema", JSON, LONG, built!("schema-without-slash.json")),
];

impl File {
    /// The file for a path, with or without a trailing slash.
    pub(crate) fn find(path: &str, ends_with_slash: bool) -> Option<&'static Self> {
        let others = WITHOUT_SLASH.iter().filter(|_| !ends_with_slash);
        others.chain(&FILES).find(|file| file.path == path)
    }

    const fn new(
        path: &'static str,
        kind: &'static str,
        kept: &'static str,
        (content, tag): (&'static [u8], &'static str),
    ) -> Self {
        Self { path, kind, kept, content, tag }
    }

    /// The answer for a client that has the file with this entity tag, or another, or none.
    pub(crate) fn answer(&self, request: &Request) -> Response {
        if request.has_version(self.tag) { http::not_modified(self.whole()) } else { self.whole() }
    }

    /// 200, with the content.
    fn whole(&self) -> Response {
        // Binary files are sent as bytes.
        let body = str::from_utf8(self.content).map_or_else(|_| Body::from(self.content), Body::from);
        let mut response = self.with(body);
        let headers = response.headers_mut();
        if self.content.starts_with(GZIP) {
            // Every browser accepts it.
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

    #[test]
    fn every_file_has_a_strong_entity_tag_of_its_own() {
        let tags: BTreeSet<_> = FILES.iter().chain(&WITHOUT_SLASH).map(|file| file.tag).collect();
        assert_eq!(tags.len(), FILES.len() + WITHOUT_SLASH.len());
        for tag in tags {
            let inner = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).unwrap();
            assert!(inner.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-'), "{tag}");
        }
    }

    /// What a path leads to that stands in a document here, by the rules for `..` (RFC 3986, section 5.2.4).
    fn resolved(document: &str, reference: &str) -> String {
        let mut folders: Vec<_> = document.split('/').collect();
        folders.pop();
        for step in reference.split('/') {
            match step {
                ".." => assert!(folders.pop().is_some(), "{reference} at {document}"),
                step => folders.push(step),
            }
        }
        folders.join("/")
    }

    #[rstest]
    fn every_link_of_the_page_leads_to_a_file_under_any_base_path(
        #[values("", "/auth", "/v1/auth")] base: &str,
        #[values(true, false)] ends_with_slash: bool,
    ) {
        let page = str::from_utf8(File::find("/api/docs", ends_with_slash).unwrap().content).unwrap();
        let address = format!("{base}/api/docs{}", if ends_with_slash { "/" } else { "" });
        let values =
            |attribute: &'static str| page.split(attribute).skip(1).filter_map(|value| value.split('"').next());
        let links: Vec<_> = values("href=\"").chain(values("src=\"")).collect();
        assert_eq!(links.len(), 4, "{links:?}");
        for link in links {
            let linked = resolved(&address, link);
            let path = linked.strip_prefix(base).unwrap_or_else(|| panic!("{linked} is not under {base}"));
            assert!(File::find(path, false).is_some(), "{link} at {address} leads to {linked}");
        }
    }

    #[rstest]
    fn the_documents_server_is_the_base_path(
        #[values("", "/auth", "/v1/auth")] base: &str,
        #[values(true, false)] ends_with_slash: bool,
    ) {
        let document = str::from_utf8(File::find("/api/schema", ends_with_slash).unwrap().content).unwrap();
        let (_, servers) = document.split_once("\"servers\":[{").unwrap();
        let (_, url) = servers.split_once("\"url\":\"").unwrap();
        let (url, behind) = url.split_once('"').unwrap();
        assert!(behind.starts_with("}],"), "there is another: {behind:.80}");
        let address = format!("{base}/api/schema{}", if ends_with_slash { "/" } else { "" });
        assert_eq!(resolved(&address, url), base);
    }

    #[test]
    fn the_page_asks_for_nothing_by_a_path_that_no_base_path_comes_before() {
        for path in ["/api/docs", "/api/docs/start.js"] {
            let text = str::from_utf8(File::find(path, true).unwrap().content).unwrap();
            assert!(!text.contains("/api/") && !text.contains("\"/"), "{text}");
        }
    }

    #[rstest]
    #[case::that_is_none("/api/docs/")]
    #[case::of_the_pages_name("/api/docs/index.html")]
    #[case::below_the_document("/api/schema/schema.json")]
    #[case::beside_them("/api")]
    fn nothing_is_at_a_path(#[case] path: &str, #[values(true, false)] ends_with_slash: bool) {
        assert!(File::find(path, ends_with_slash).is_none());
    }

    #[test]
    fn who_has_a_file_is_not_sent_it_again_and_keeps_it_on() {
        let (whole, unchanged) = (FILE.whole(), http::not_modified(FILE.whole()));
        assert_eq!((whole.status().as_u16(), whole.body()), (200, &Body::from("a {}")));
        assert_eq!((unchanged.status().as_u16(), unchanged.body()), (304, &Body::Empty));
        for name in [header::CACHE_CONTROL, header::ETAG, header::X_CONTENT_TYPE_OPTIONS] {
            assert_eq!(unchanged.headers().get(&name), whole.headers().get(&name), "{name}");
        }
        assert!(unchanged.headers().get(header::CONTENT_TYPE).is_none());
    }
}
