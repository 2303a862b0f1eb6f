//! The origin of a front end, as browsers send it. Origins are compared character by character, so that one in another form
//! can never match.

use std::net::{Ipv4Addr, Ipv6Addr};

use axum::http::{HeaderValue, Uri};

const FORM: &str = "expected an origin as browsers send it: http:// or https://, the host in lower case (non-ASCII names in \
                    xn-- form), and the port unless it is the default, such as http://localhost:5173";

/// Parses an origin that a browser can send.
///
/// # Errors
/// What to write instead.
pub(crate) fn origin(text: &str) -> Result<HeaderValue, String> {
    if text.contains('*') {
        return Err("wildcards are not supported: pass each origin, such as http://localhost:5173".into());
    }
    if text.eq_ignore_ascii_case("null") {
        let reason = "null is the origin of every page opened from a file: serve the page over HTTP and pass its origin, \
                      such as http://localhost:5173";
        return Err(reason.into());
    }
    if !text.contains("://") {
        return Err(match sent(&format!("http://{text}")) {
            Some(sent) => format!("an origin begins with http:// or https://: write {sent}"),
            None => FORM.into(),
        });
    }
    match sent(text) {
        Some(sent) if sent == text => HeaderValue::try_from(sent).map_err(|_| FORM.into()),
        Some(sent) => Err(format!("browsers send this origin in another form: write {sent}")),
        None => Err(FORM.into()),
    }
}

/// The origin that a browser sends for a page at this URL.
fn sent(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    let scheme = uri.scheme_str()?;
    let default_port: u16 = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let authority = uri.authority()?;
    let host_and_port = authority.as_str().rsplit('@').next()?;
    let port = match host_and_port.strip_prefix(authority.host())?.strip_prefix(':') {
        None | Some("") => default_port,
        Some(port) => port.parse().ok()?,
    };
    let host = host(authority.host())?;
    Some(if port == default_port { format!("{scheme}://{host}") } else { format!("{scheme}://{host}:{port}") })
}

/// A host as a browser writes it.
fn host(text: &str) -> Option<String> {
    if let Some(address) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        let address: Ipv6Addr = address.parse().ok()?;
        let [.., high, low] = address.segments();
        // The one form in which Rust and browsers differ.
        let is_ipv4 = address.to_ipv4_mapped().is_some();
        return Some(if is_ipv4 { format!("[::ffff:{high:x}:{low:x}]") } else { format!("[{address}]") });
    }
    let text = text.to_ascii_lowercase();
    let is_of_names = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    // A host that ends in a number is an address to a browser.
    let end = text.trim_end_matches('.').rsplit('.').next()?;
    let is_address = end.bytes().all(|byte| byte.is_ascii_digit());
    let holds = is_of_names && !end.is_empty() && (!is_address || text.parse::<Ipv4Addr>().is_ok());
    holds.then_some(text)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::with_a_port("http://localhost:5173")]
    #[case::with_tls("https://shop.example")]
    #[case::with_tls_and_a_port("https://shop.example:8443")]
    #[case::the_default_port_of_the_other_scheme("http://shop.example:443")]
    #[case::an_address("http://127.0.0.1:3001")]
    #[case::an_ipv6_address("http://[::1]:3001")]
    #[case::an_ipv4_address_in_ipv6("http://[::ffff:7f00:1]:3001")]
    #[case::outside_of_ascii("https://xn--bcher-kva.example")]
    #[case::an_underscore("http://my_shop.test:8080")]
    #[case::a_dot_at_the_end("http://shop.example.")]
    fn an_origin_that_browsers_send_is_accepted(#[case] text: &str) {
        assert_eq!(origin(text).unwrap(), text);
    }

    #[rstest]
    #[case::a_slash_at_the_end("http://localhost:5173/", "write http://localhost:5173")]
    #[case::a_path("https://shop.example/login", "write https://shop.example")]
    #[case::a_query("https://shop.example?a=b", "write https://shop.example")]
    #[case::a_fragment("https://shop.example#top", "write https://shop.example")]
    #[case::a_host_in_upper_case("http://LocalHost:5173", "write http://localhost:5173")]
    #[case::a_scheme_in_upper_case("HTTPS://shop.example", "write https://shop.example")]
    #[case::the_default_port("http://shop.example:80", "write http://shop.example")]
    #[case::the_default_port_of_tls("https://shop.example:443", "write https://shop.example")]
    #[case::a_port_with_a_zero_before_it("http://localhost:05173", "write http://localhost:5173")]
    #[case::a_port_that_is_left_out("http://localhost:", "write http://localhost")]
    #[case::a_user("http://ada@shop.example", "write http://shop.example")]
    #[case::a_user_with_a_password("http://ada:secret@shop.example:81", "write http://shop.example:81")]
    #[case::an_ipv6_address_in_full("http://[0:0:0:0:0:0:0:1]:81", "write http://[::1]:81")]
    #[case::no_scheme("localhost:5173", "write http://localhost:5173")]
    #[case::no_scheme_and_no_port("shop.example", "write http://shop.example")]
    #[case::no_scheme_and_a_slash("localhost:5173/", "write http://localhost:5173")]
    #[case::everybody("*", "pass each origin")]
    #[case::every_subdomain("https://*.shop.example", "pass each origin")]
    #[case::every_port("http://localhost:*", "pass each origin")]
    #[case::none("null", "serve the page over HTTP")]
    #[case::none_in_upper_case("NULL", "serve the page over HTTP")]
    #[case::nothing("", "such as http://localhost:5173")]
    #[case::no_host("http://", "such as http://localhost:5173")]
    #[case::a_port_alone("http://:5173", "such as http://localhost:5173")]
    #[case::a_port_out_of_range("http://localhost:65536", "such as http://localhost:5173")]
    #[case::a_port_that_is_none("http://localhost:port", "such as http://localhost:5173")]
    #[case::a_file("file:///home/ada/shop.html", "such as http://localhost:5173")]
    #[case::another_scheme("ws://localhost:5173", "such as http://localhost:5173")]
    #[case::two_of_them("http://localhost:5173,http://localhost:5174", "such as http://localhost:5173")]
    #[case::two_with_a_blank("http://localhost:5173 http://localhost:5174", "such as http://localhost:5173")]
    #[case::a_blank_before_it(" http://localhost:5173", "such as http://localhost:5173")]
    #[case::letters_outside_of_ascii("https://bücher.example", "xn--")]
    #[case::an_address_in_short("http://127.1:5173", "such as http://localhost:5173")]
    #[case::a_number("http://2130706433", "such as http://localhost:5173")]
    #[case::a_percent_sign("http://local%68ost", "such as http://localhost:5173")]
    #[case::no_ipv6_address("http://[::g]", "such as http://localhost:5173")]
    #[case::a_line_feed("http://localhost:5173\nx", "such as http://localhost:5173")]
    fn an_origin_that_can_never_match_is_refused_with_the_right_form(#[case] text: &str, #[case] expected: &str) {
        let reason = origin(text).unwrap_err();
        assert!(reason.contains(expected), "{reason}");
        assert_eq!(reason.lines().count(), 1, "{reason}");
    }
}
