//! URLs of services: whether they are on this machine, AWS's or somebody else's.

use std::net::{Ipv4Addr, Ipv6Addr};

use http::Uri;

/// Where the service at a URL is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Location {
    /// On this machine, or under a name without a dot and without TLS, as containers have them. Missing tables may be created
    /// there unasked.
    Local,
    /// At AWS, where a deployment creates the tables.
    Aws,
    /// At any other place.
    Elsewhere,
}

/// The ends of AWS's host names, in all its partitions that are open to the public.
const AWS_DOMAINS: [&str; 5] =
    [".amazonaws.com", ".amazonaws.com.cn", ".api.amazonwebservices.com.cn", ".api.aws", ".amazonaws.eu"];

/// The name under which a container reaches this machine.
const CONTAINER_HOST: &str = "host.docker.internal";

impl Location {
    /// Where the service at this URL is.
    pub fn of(url: &str) -> Self {
        let Ok(uri) = url.parse::<Uri>() else { return Self::Elsewhere };
        let host = uri.host().unwrap_or_default();
        let has_no_dot = !host.is_empty() && !host.contains(['.', ':', '[']);
        let is_container = host.eq_ignore_ascii_case(CONTAINER_HOST) || has_no_dot;
        if is_loopback_host(host) || (is_container && uri.scheme_str() == Some("http")) {
            return Self::Local;
        }
        let name = host.trim_end_matches('.').to_ascii_lowercase();
        if AWS_DOMAINS.iter().any(|domain| name.ends_with(domain)) { Self::Aws } else { Self::Elsewhere }
    }
}

/// Whether a host is this machine, whoever asks: `localhost`, or a loopback address, an IPv6 one in brackets.
pub fn is_loopback_host(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok_and(|address| address.to_canonical().is_loopback()),
        None => {
            host.eq_ignore_ascii_case("localhost")
                || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        }
    }
}

/// Reads the URL of a service, for an option of a command.
///
/// # Errors
/// What is wrong with it, for the person who typed it.
pub fn http_url(text: &str) -> Result<String, String> {
    let uri: Uri = text.parse().map_err(|error| format!("{error}"))?;
    match uri.scheme_str() {
        Some("http" | "https") => Ok(text.to_owned()),
        _ => Err("expected a URL that begins with http:// or https://, such as http://localhost:8000".into()),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::an_address("http://127.0.0.1:8000", true)]
    #[case::a_name("http://localhost:8000/", true)]
    #[case::an_ipv6_address("http://[::1]:8000", true)]
    #[case::with_tls("https://localhost:8000", true)]
    #[case::from_a_container("http://host.docker.internal:8000", true)]
    #[case::another_container("http://dynamodb:8000", true)]
    #[case::an_address_of_the_network("http://192.168.0.7:8000", false)]
    #[case::every_address("http://0.0.0.0:8000", false)]
    #[case::an_ipv6_address_of_the_network("http://[fd00::1]:8000", false)]
    #[case::a_name_of_the_network("http://dynamodb.test.example:8000", false)]
    #[case::a_bare_name_with_tls("https://dynamodb", false)]
    #[case::of_aws("https://dynamodb.eu-central-1.amazonaws.com", false)]
    #[case::of_aws_without_tls("http://dynamodb.eu-central-1.amazonaws.com", false)]
    #[case::of_aws_with_a_user_like_this_machine("http://localhost@dynamodb.eu-central-1.amazonaws.com", false)]
    #[case::no_url("localhost 8000", false)]
    fn a_url_is_local_or_not(#[case] url: &str, #[case] expected: bool) {
        assert_eq!(Location::of(url) == Location::Local, expected);
    }

    #[rstest]
    #[case::of_a_region("https://dynamodb.eu-central-1.amazonaws.com", true)]
    #[case::in_upper_case("https://DynamoDB.us-east-1.AmazonAWS.com:443/", true)]
    #[case::with_the_dot_of_the_root("https://dynamodb.us-east-1.amazonaws.com.", true)]
    #[case::of_an_account("https://123456789012.ddb.us-east-1.amazonaws.com", true)]
    #[case::in_china("https://dynamodb.cn-north-1.amazonaws.com.cn", true)]
    #[case::with_ipv6("https://dynamodb.us-east-1.api.aws", true)]
    #[case::of_somebody_else("https://dynamodb.example.com", false)]
    #[case::of_somebody_with_a_like_name("https://evil-amazonaws.com", false)]
    #[case::in_a_path("http://localhost:8000/.amazonaws.com", false)]
    fn a_url_is_at_aws_or_not(#[case] url: &str, #[case] expected: bool) {
        assert_eq!(Location::of(url) == Location::Aws, expected);
    }

    #[rstest]
    #[case::an_address("127.0.0.1", true)]
    #[case::another_of_loopback("127.8.9.10", true)]
    #[case::the_name_in_upper_case("LocalHost", true)]
    #[case::an_ipv6_address_in_full("[0:0:0:0:0:0:0:1]", true)]
    #[case::an_ipv4_address_in_ipv6("[::ffff:127.0.0.1]", true)]
    #[case::nothing("", false)]
    #[case::a_name_that_ends_like_it("rebind.localhost", false)]
    #[case::every_address("0.0.0.0", false)]
    #[case::an_ipv6_address_without_brackets("::1", false)]
    fn a_host_is_this_machine_or_not(#[case] host: &str, #[case] expected: bool) {
        assert_eq!(is_loopback_host(host), expected);
    }

    #[rstest]
    #[case::http("http://localhost:8000", true)]
    #[case::https("https://dynamodb.example.com", true)]
    #[case::no_scheme("localhost:8000", false)]
    #[case::another_scheme("ftp://localhost", false)]
    #[case::no_host("http://", false)]
    fn a_url_begins_with_http_or_https(#[case] url: &str, #[case] expected: bool) {
        assert_eq!(http_url(url).is_ok(), expected);
    }
}
