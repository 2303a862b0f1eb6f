//! Whose a DynamoDB is, by its URL: what nobody asked for is written on this machine alone.

use axum::http::Uri;

use crate::fence::is_loopback_host;

/// The ends of AWS's names, in all its partitions that are open to the public.
const AMAZONS: [&str; 5] =
    [".amazonaws.com", ".amazonaws.com.cn", ".api.amazonwebservices.com.cn", ".api.aws", ".amazonaws.eu"];

/// Whether a DynamoDB is clearly a local one: on this machine, or under a name without a dot, as containers have them, with
/// no TLS. Tables that it lacks may be created unasked.
pub(crate) fn is_local(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    let host = uri.host().unwrap_or_default();
    let is_bare = !host.is_empty() && !host.contains(['.', ':', '[']);
    let is_a_containers = host.eq_ignore_ascii_case("host.docker.internal") || is_bare;
    is_loopback_host(host) || (is_a_containers && uri.scheme_str() == Some("http"))
}

/// Whether a DynamoDB is AWS's own. There a stack's deployment makes the tables, and nothing here does.
pub(crate) fn is_amazons(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    let host = uri.host().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    AMAZONS.iter().any(|end| host.ends_with(end))
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
    fn a_dynamodb_is_local_or_not(#[case] url: &str, #[case] expected: bool) {
        assert_eq!(is_local(url), expected);
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
    fn a_dynamodb_is_amazons_or_not(#[case] url: &str, #[case] expected: bool) {
        assert_eq!(is_amazons(url), expected);
    }
}
