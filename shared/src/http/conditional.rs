//! Conditional requests (RFC 9110, section 13).

use std::fmt::Write;

use aws_lc_rs::digest::{SHA256, digest};

use super::{Request, header};

/// How many bytes of a hash are in an entity tag.
const TAG_BYTES: usize = 16;

/// A strong entity tag (RFC 9110, section 8.8.3), derived from the content.
pub fn entity_tag(content: &[u8]) -> String {
    let mut tag = String::from("\"");
    for byte in digest(&SHA256, content).as_ref().iter().take(TAG_BYTES) {
        // Writing to a string does not fail.
        let _ = write!(tag, "{byte:02x}");
    }
    tag + "\""
}

impl Request {
    /// Whether the client has the version with this entity tag: whether that is among those of `If-None-Match`, weak or not (RFC
    /// 9110, section 13.1.2).
    pub fn has_version(&self, tag: &str) -> bool {
        self.header(&header::IF_NONE_MATCH).is_some_and(|tags| is_among(tag, tags))
    }
}

fn is_among(tag: &str, tags: &[u8]) -> bool {
    let mut tags = tags.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    tags.any(|other| other == b"*" || other.strip_prefix(b"W/").unwrap_or(other) == tag.as_bytes())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn a_tag_is_derived_from_the_content() {
        assert_eq!(entity_tag(b"abc"), "\"ba7816bf8f01cfea414140de5dae2223\"");
    }

    #[rstest]
    #[case::alone("\"1f-4\"")]
    #[case::weak("W/\"1f-4\"")]
    #[case::behind_another("\"1f-5\", \"1f-4\"")]
    #[case::without_a_blank("W/\"1f-5\",W/\"1f-4\"")]
    #[case::any(" * ")]
    fn an_entity_tag_that_is_known_is_found(#[case] header: &str) {
        assert!(is_among("\"1f-4\"", header.as_bytes()));
    }

    #[rstest]
    #[case::of_another_content("\"1f-5\"")]
    #[case::without_quotes("1f-4")]
    #[case::with_more_behind_it("\"1f-4\"x")]
    #[case::with_a_small_w("w/\"1f-4\"")]
    #[case::empty("")]
    fn another_one_is_not(#[case] header: &str) {
        assert!(!is_among("\"1f-4\"", header.as_bytes()));
    }
}
