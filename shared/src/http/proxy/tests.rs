use proptest::prelude::*;
use rstest::rstest;

use super::*;

const SECRET: &str = "6f1d0a9be2c84735a1f0cc0b7de95a42";
const NEXT: &str = "Vb+7/q=kX!w~z2(yT#nM5.rJ8:gH;c4Ls";

fn proxy(header: &str) -> Proxy {
    let secrets = SecretString::from(format!("{NEXT},{SECRET}"));
    Proxy::new(&secrets, Proxy::address_header(header).unwrap()).unwrap()
}

fn told(header: &str, sent: &[(&str, &str)]) -> Told {
    let sent = sent.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    proxy(header).told(&sent.collect())
}

#[rstest]
#[case::by_cloudfront(CLOUDFRONT, "198.51.100.10:46532", "198.51.100.10")]
#[case::by_cloudfront_in_ipv6(CLOUDFRONT, "2001:db8:728d:fa10::c4a:42838", "2001:db8:728d:fa10::/64")]
#[case::by_cloudfront_in_whole_ipv6(CLOUDFRONT, "2001:db8:1:2:3:4:5:6:8443", "2001:db8:1:2::/64")]
// Read as an address alone, it would be one of 2001:db8:0:5::/64.
#[case::by_cloudfront_with_a_short_port(CLOUDFRONT, "2001:db8::5:6:7:8:4321", "2001:db8::/64")]
#[case::by_cloudfront_of_ipv4_in_ipv6(CLOUDFRONT, "::ffff:198.51.100.10:443", "198.51.100.10")]
#[case::by_cloudfront_with_brackets(CLOUDFRONT, "[2001:db8:1:2::3]:443", "2001:db8:1:2::/64")]
#[case::by_cloudfront_without_a_port(CLOUDFRONT, "198.51.100.10", "198.51.100.10")]
#[case::alone("cf-connecting-ip", "198.51.100.10", "198.51.100.10")]
#[case::alone_in_ipv6("cf-connecting-ip", "2001:db8::5:6:7:8:4321", "2001:db8:0:5::/64")]
#[case::with_a_port("x-real-ip", "198.51.100.10:80", "198.51.100.10")]
#[case::in_brackets("x-real-ip", "[2001:db8:1:2::3]", "2001:db8:1:2::/64")]
#[case::in_brackets_with_a_port("x-real-ip", "[2001:db8:1:2::3]:80", "2001:db8:1:2::/64")]
#[case::among_blanks("x-real-ip", " 198.51.100.10\t", "198.51.100.10")]
fn an_address_is_read_as_proxies_write_it(#[case] header: &str, #[case] address: &str, #[case] expected: &str) {
    let Told::From(source) = told(header, &[("x-proxy-secret", SECRET), (header, address)]) else {
        panic!("{address}")
    };
    assert_eq!(source.to_string(), expected);
}

#[rstest]
#[case::two_addresses("x-real-ip", "198.51.100.10,203.0.113.7", "several")]
#[case::the_same_twice(CLOUDFRONT, "198.51.100.10:1, 198.51.100.10:1", "several")]
#[case::an_empty_one_behind_it("x-real-ip", "198.51.100.10,", "several")]
#[case::nothing("x-real-ip", "", "malformed")]
#[case::a_name("x-real-ip", "localhost", "malformed")]
#[case::a_network("x-real-ip", "198.51.100.0/24", "malformed")]
#[case::a_number("x-real-ip", "3325256714", "malformed")]
#[case::two_addresses_with_a_blank("x-real-ip", "198.51.100.10 203.0.113.7", "malformed")]
#[case::a_port_beyond_all(CLOUDFRONT, "198.51.100.10:65536", "malformed")]
#[case::a_port_of_letters(CLOUDFRONT, "2001:db8::1:https", "malformed")]
#[case::a_signed_port(CLOUDFRONT, "2001:db8::1:+443", "malformed")]
#[case::cloudfronts_without_a_port(CLOUDFRONT, "2001:db8::1", "malformed")]
#[case::an_open_bracket(CLOUDFRONT, "[2001:db8::1:443", "malformed")]
#[case::a_header_of_rfc_7239("x-real-ip", "for=198.51.100.10", "malformed")]
// Of four digits it would look like a part of the address.
#[case::another_proxys_port_without_brackets("x-real-ip", "2001:db8::1:46532", "malformed")]
fn what_is_no_one_address_is_told_why(#[case] header: &str, #[case] address: &str, #[case] reason: &'static str) {
    assert_eq!(told(header, &[("x-proxy-secret", SECRET), (header, address)]), Told::Unreadable(reason));
}

#[test]
fn a_proxy_that_names_no_address_is_told_of() {
    let forwarded = ("x-forwarded-for", "198.51.100.10");
    assert_eq!(told("x-real-ip", &[("x-proxy-secret", SECRET), forwarded]), Told::Unreadable("missing"));
}

#[rstest]
#[case::the_present_one(SECRET)]
#[case::the_next_one(NEXT)]
fn each_secret_of_a_rotation_is_known(#[case] secret: &str) {
    let expected = Told::From(Source::read("198.51.100.10"));
    assert_eq!(told("x-real-ip", &[("x-proxy-secret", secret), ("x-real-ip", "198.51.100.10")]), expected);
}

#[test]
fn names_of_headers_have_any_case() {
    let sent = [("X-Proxy-Secret", SECRET), ("CloudFront-Viewer-Address", "198.51.100.10:46532")];
    assert_eq!(told(CLOUDFRONT, &sent), Told::From(Source::read("198.51.100.10")));
    let twice = [sent[0], sent[1], (CLOUDFRONT, "203.0.113.7:1")];
    assert_eq!(told(CLOUDFRONT, &twice), Told::Unreadable("several"));
}

#[rstest]
#[case::none(&[])]
#[case::an_empty_one(&[("x-proxy-secret", "")])]
#[case::another(&[("x-proxy-secret", "6f1d0a9be2c84735a1f0cc0b7de95a43")])]
#[case::its_beginning(&[("x-proxy-secret", "6f1d0a9be2c84735a1f0cc0b7de95a4")])]
#[case::more_than_it(&[("x-proxy-secret", "6f1d0a9be2c84735a1f0cc0b7de95a420")])]
#[case::it_in_another_case(&[("x-proxy-secret", "6F1D0A9BE2C84735A1F0CC0B7DE95A42")])]
#[case::both_as_the_operator_wrote_them(&[("x-proxy-secret", "Vb+7/q=kX!w~z2(yT#nM5.rJ8:gH;c4Ls,6f1d0a9be2c84735a1f0cc0b7de95a42")])]
#[case::it_twice(&[("x-proxy-secret", "6f1d0a9be2c84735a1f0cc0b7de95a42,6f1d0a9be2c84735a1f0cc0b7de95a42")])]
#[case::it_behind_another(&[("x-proxy-secret", "x,6f1d0a9be2c84735a1f0cc0b7de95a42")])]
#[case::it_and_another_by_case(&[("x-proxy-secret", SECRET), ("X-Proxy-Secret", "x")])]
#[case::it_in_another_header(&[("x-proxy-key", SECRET), ("authorization", SECRET)])]
fn statement_9_without_the_secret_an_address_is_nobodys_word(#[case] secrets: &[(&str, &str)]) {
    for address in [&[("x-real-ip", "198.51.100.10")][..], &[("x-real-ip", "rubbish")], &[]] {
        assert_eq!(told("x-real-ip", &[secrets, address].concat()), Told::Nothing);
    }
}

#[rstest]
#[case::with_capitals("X-Real-IP")]
#[case::with_a_blank("x real ip")]
#[case::empty("")]
#[case::with_a_colon("x-real-ip:")]
#[case::that_clients_begin("x-forwarded-for")]
#[case::that_the_gateway_makes_of_it("forwarded")]
#[case::of_the_secret("x-proxy-secret")]
fn statement_9_a_header_that_is_not_the_proxys_own_holds_no_address(#[case] name: &str) {
    assert_eq!(Proxy::address_header(name), None);
}

#[rstest]
#[case::of_31_characters(&SECRET[1..], false)]
#[case::of_32_characters(SECRET, true)]
#[case::of_signs(NEXT, true)]
#[case::of_two(&format!("{NEXT},{SECRET}"), true)]
#[case::of_two_with_a_blank(&format!("{NEXT}, {SECRET}"), true)]
#[case::of_three(&format!("{NEXT},{SECRET},{NEXT}"), false)]
#[case::of_one_and_nothing(&format!("{SECRET},"), false)]
#[case::as_a_key_with_a_value(&format!(r#"{{"secret":"{SECRET}"}}"#), false)]
#[case::as_two_keys(&format!(r#"{{"secret":"{SECRET}","former":"{SECRET}"}}"#), false)]
#[case::of_one_and_a_short_one(&format!("{SECRET},short"), false)]
#[case::of_several_words("correct horse battery staple and more", false)]
#[case::not_in_ascii("grüße-grüße-grüße-grüße-grüße-grüße", false)]
#[case::of_nothing("", false)]
fn a_secret_is_long_and_fits_a_header(#[case] secrets: &str, #[case] is_taken: bool) {
    let header = Proxy::address_header("x-real-ip").unwrap();
    assert_eq!(Proxy::new(&secrets.into(), header).is_some(), is_taken);
}

#[test]
fn a_secret_cannot_be_printed() {
    let printed = format!("{:?}", proxy("x-real-ip"));
    assert!(printed.contains("x-real-ip") && !printed.contains(SECRET) && !printed.contains(NEXT), "{printed}");
}

proptest! {
    #[test]
    fn statement_20_no_address_makes_it_panic(address in "\\PC{0,40}|[0-9a-f:.\\[\\]%,]{0,40}") {
        for header in [CLOUDFRONT, "x-real-ip"] {
            told(header, &[("x-proxy-secret", SECRET), (header, address.as_str())]);
        }
    }

    #[test]
    fn cloudfronts_address_is_the_same_with_every_port(bits: u128, port: u16) {
        let address = Ipv6Addr::from_bits(bits);
        let with_port = format!("{address}:{port}");
        let sent = [("x-proxy-secret", SECRET), (CLOUDFRONT, with_port.as_str())];
        prop_assert_eq!(told(CLOUDFRONT, &sent), Told::From(IpAddr::from(address).into()));
    }
}
