//! Keeps web pages out. A port on this machine is open to every page in a browser on it, by a request to another origin, or by
//! a name of the page's own that resolves to 127.0.0.1 (DNS rebinding).

use axum::{
    extract::Request,
    http::{
        HeaderMap,
        header::{HOST, ORIGIN},
        uri::Authority,
    },
};
use stack::is_loopback_host;

/// Where a request comes from, as browsers say it (Fetch Metadata). A page can neither set nor remove it.
const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// Whether all names in a request are names of this machine that nobody else can have. There must be at least one.
pub(crate) fn calls_this_machine(request: &Request) -> bool {
    let hosts = request.headers().get_all(HOST).iter().map(|host| host.to_str().unwrap_or_default());
    // A name in the target takes precedence over `Host` (RFC 9112, section 3.2.2). Here every name must be this machine.
    let mut names = hosts.chain(request.uri().authority().map(Authority::as_str)).peekable();
    names.peek().is_some() && names.all(is_loopback)
}

/// Whether a web page of any origin sent a request. A URL that a person types into a browser is not from a page.
pub(crate) fn is_from_a_page(headers: &HeaderMap) -> bool {
    headers.contains_key(ORIGIN) || headers.get(SEC_FETCH_SITE).is_some_and(|site| site != "none")
}

/// Whether a name, with or without a port, is this machine's.
fn is_loopback(name: &str) -> bool {
    match name.rsplit_once(':') {
        // After a colon there may also be the end of an IPv6 address.
        Some((host, port)) if !port.ends_with(']') => port.parse::<u16>().is_ok() && is_loopback_host(host),
        _ => is_loopback_host(name),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::an_address("127.0.0.1", true)]
    #[case::with_a_port("127.0.0.1:8000", true)]
    #[case::another_of_loopback("127.8.9.10:1", true)]
    #[case::the_name("localhost", true)]
    #[case::the_name_in_upper_case("LocalHost:8000", true)]
    #[case::an_ipv6_address("[::1]", true)]
    #[case::an_ipv6_address_with_a_port("[::1]:65535", true)]
    #[case::an_ipv6_address_in_full("[0:0:0:0:0:0:0:1]:80", true)]
    #[case::an_ipv4_address_in_ipv6("[::ffff:127.0.0.1]:80", true)]
    #[case::nothing("", false)]
    #[case::a_port_alone(":8000", false)]
    #[case::another_name("rebind.example:8000", false)]
    #[case::a_name_that_begins_like_it("localhost.rebind.example", false)]
    #[case::a_name_that_ends_like_it("rebind.localhost", false)]
    #[case::a_name_with_the_address_in_it("127.0.0.1.rebind.example:8000", false)]
    #[case::every_address("0.0.0.0:8000", false)]
    #[case::every_ipv6_address("[::]:8000", false)]
    #[case::an_address_of_the_network("192.168.0.1:8000", false)]
    #[case::another_ipv6_address("[::2]", false)]
    #[case::an_ipv6_address_without_brackets("::1", false)]
    #[case::a_user_before_it("localhost@rebind.example", false)]
    #[case::a_user_before_the_name("user@localhost:8000", false)]
    #[case::two_ports("localhost:80:8000", false)]
    #[case::a_port_that_is_none("localhost:rebind.example", false)]
    #[case::a_port_out_of_range("localhost:65536", false)]
    #[case::a_blank("localhost rebind.example", false)]
    fn a_name_is_this_machine_or_not(#[case] name: &str, #[case] expected: bool) {
        assert_eq!(is_loopback(name), expected);
    }

    #[rstest]
    #[case::the_header("/", &["localhost"], true)]
    #[case::the_target_too("http://127.0.0.1:8000/", &["localhost"], true)]
    #[case::the_target_alone("http://127.0.0.1:8000/", &[], true)]
    #[case::none("/", &[], false)]
    #[case::another_in_the_target("http://rebind.example/", &["localhost"], false)]
    #[case::another_in_the_header("http://localhost/", &["rebind.example"], false)]
    #[case::a_second_header("/", &["localhost", "rebind.example"], false)]
    fn every_name_in_a_request_must_be_this_machine(
        #[case] target: &str,
        #[case] hosts: &[&str],
        #[case] expected: bool,
    ) {
        let request = hosts.iter().fold(axum::http::Request::post(target), |request, host| request.header(HOST, *host));
        assert_eq!(calls_this_machine(&request.body(Body::empty()).unwrap()), expected);
    }

    #[rstest]
    #[case::a_program(&[], false)]
    #[case::typed_into_a_browser(&[("sec-fetch-site", "none")], false)]
    #[case::of_an_origin(&[("origin", "https://evil.example")], true)]
    #[case::of_a_hidden_origin(&[("origin", "null")], true)]
    #[case::of_an_empty_origin(&[("origin", "")], true)]
    #[case::without_an_origin_of_another_site(&[("sec-fetch-site", "cross-site")], true)]
    #[case::without_an_origin_of_another_port(&[("sec-fetch-site", "same-site")], true)]
    #[case::by_a_rebound_name(&[("sec-fetch-site", "same-origin")], true)]
    fn a_page_is_distinguished_from_a_program(
        #[case] headers: &[(&'static str, &'static str)],
        #[case] expected: bool,
    ) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        assert_eq!(is_from_a_page(&map), expected);
    }
}
