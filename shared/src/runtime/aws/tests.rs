//! Which roots are trusted where, and how long they hold.

use rstest::rstest;
use x509_cert::Certificate;

use super::*;
use crate::clock::{Clock, UnixSeconds};

/// How long before it expires a root must be replaced, in seconds: there may be as long between two deployments of a stack.
const TWO_YEARS: u64 = 2 * 365 * 24 * 60 * 60;

#[rstest]
#[case::of_aws("https://dynamodb.eu-central-1.amazonaws.com", true)]
#[case::of_aws_with_a_path("https://dynamodb.us-east-1.amazonaws.com:443/", true)]
#[case::without_tls("http://127.0.0.1:8000", true)]
#[case::none("", true)]
#[case::of_aws_in_china("https://dynamodb.cn-north-1.amazonaws.com.cn", false)]
#[case::of_somebody_else("https://dynamodb.example.com", false)]
#[case::of_somebody_with_a_like_name("https://evil-amazonaws.com", false)]
#[case::of_aws_in_a_path("https://example.com/.amazonaws.com", false)]
fn amazons_roots_do_for_amazons_endpoints(#[case] endpoint: &str, #[case] expected: bool) {
    assert_eq!(is_amazons(endpoint), expected);
}

#[rstest]
#[case::in_most_regions(TrustedRoots::Amazon, Some("eu-central-1"), &[], true)]
#[case::in_no_region(TrustedRoots::Amazon, None, &[], true)]
#[case::at_amazons_endpoint(
    TrustedRoots::Amazon,
    Some("us-east-1"),
    &["https://dynamodb.us-east-1.amazonaws.com"],
    true
)]
#[case::where_one_endpoint_is_somebody_elses(
    TrustedRoots::Amazon,
    Some("us-east-1"),
    &["https://dynamodb.us-east-1.amazonaws.com", "https://secrets.example.com"],
    false
)]
#[case::in_china(TrustedRoots::Amazon, Some("cn-north-1"), &[], false)]
#[case::where_the_systems_are_wanted(TrustedRoots::System, Some("eu-central-1"), &[], false)]
fn amazons_roots_alone_are_trusted_where_that_is_wanted_and_they_do(
    #[case] roots: TrustedRoots,
    #[case] region: Option<&str>,
    #[case] endpoints: &[&str],
    #[case] expected: bool,
) {
    let endpoints = endpoints.iter().map(ToString::to_string);
    assert_eq!(http_client(roots, region, endpoints).unwrap().is_some(), expected);
}

#[test]
fn the_roots_are_five_that_can_be_read() {
    assert_eq!(certificates(ROOTS).len(), 5);
    // What cannot be read panics when a client is built.
    amazons_http_client().unwrap();
}

#[test]
fn no_root_ends_within_two_years() {
    let ending = ending(&certificates(ROOTS), Clock::system().now());
    assert!(
        ending.is_empty(),
        "{ending:?} end within two years: bring shared/src/aws/roots.pem up to date with \
         https://www.amazontrust.com/repository/, and release that, so that every stack is deployed with it in time"
    );
}

#[rstest]
#[case::two_years_before_the_first_ends(2_182_680_000, &[])]
#[case::a_second_later(2_182_680_001, &["CN=of 2041"])]
#[case::two_years_before_the_second_ends(2_540_332_799, &["CN=of 2041"])]
#[case::one_more_second_later(2_540_332_800, &["CN=of 2041", "CN=of 2052"])]
fn a_root_is_told_of_from_two_years_before_its_end(#[case] now: UnixSeconds, #[case] expected: &[&str]) {
    assert_eq!(ending(&certificates(include_str!("test-roots.pem")), now), expected);
}

/// The certificates of a PEM file, which may have comments between them.
fn certificates(pem: &str) -> Vec<Certificate> {
    let pem: String = pem.lines().filter(|line| !line.starts_with('#')).flat_map(|line| [line, "\n"]).collect();
    Certificate::load_pem_chain(pem.as_bytes()).unwrap()
}

/// The names of those that are at their end less than two years from now.
fn ending(certificates: &[Certificate], now: UnixSeconds) -> Vec<String> {
    let roots = certificates.iter().map(Certificate::tbs_certificate);
    let ending = roots.filter(|root| root.validity().not_after.to_unix_duration().as_secs() < now + TWO_YEARS);
    ending.map(|root| root.subject().to_string()).collect()
}
