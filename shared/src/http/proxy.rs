//! A proxy in front of the gateway, such as CloudFront. The gateway sees the proxy's address instead of its clients'. A proxy
//! that sends the operator's secret is trusted to name the client's address.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6},
    sync::Arc,
};

use aws_lc_rs::constant_time;
use lambda_http::http::HeaderName;
use secrecy::{ExposeSecret, SecretString};

use crate::domain::Source;

/// The header in which the proxy sends its secret.
pub(crate) const SECRET_HEADER: HeaderName = HeaderName::from_static("x-proxy-secret");

/// CloudFront sets it on each request and overwrites what the client sent: the viewer's address and port, without brackets
/// around an IPv6 address.
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/adding-cloudfront-headers.html>
const CLOUDFRONT: &str = "cloudfront-viewer-address";

/// Headers that clients can set and proxies append to, so their first entries prove nothing. API Gateway turns the first
/// into the second.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html>
const FORWARDED: [&str; 2] = ["x-forwarded-for", "forwarded"];

/// The minimum length of a secret, in characters.
const MIN_SECRET_CHARACTERS: usize = 32;

/// How many secrets may be valid at once: the current one, and the next one while it spreads to every location of the proxy.
const MAX_SECRETS: usize = 2;

/// The operator's proxy, identified by its secret.
#[derive(Debug, Clone)]
pub struct Proxy {
    secrets: Arc<[SecretString]>,
    address_header: HeaderName,
}

/// What the proxy's headers say about the source of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Told {
    /// Nothing: the request did not come through the proxy.
    #[default]
    Nothing,
    /// The request came through the proxy, from this address.
    From(Source),
    /// The request came through the proxy, but the address cannot be read, for this reason.
    Unreadable(&'static str),
}

impl Proxy {
    /// The default header for the address: CloudFront's.
    pub(crate) const ADDRESS_HEADER: &str = CLOUDFRONT;

    /// The header with this name, if it may hold the address: in lower case, and not one that clients can set.
    pub(crate) fn address_header(name: &str) -> Option<HeaderName> {
        let header = HeaderName::from_lowercase(name.as_bytes()).ok()?;
        (header != SECRET_HEADER && !FORWARDED.contains(&header.as_str())).then_some(header)
    }

    /// The proxy that sends one of these comma-separated secrets, and the address in this header. `None` if a secret is too short,
    /// cannot be a header's value, is one too many, or is JSON (which the console of Secrets Manager makes of a secret with keys).
    pub(crate) fn new(secrets: &SecretString, address_header: HeaderName) -> Option<Self> {
        let secrets = secrets.expose_secret().split(',').map(str::trim);
        let is_usable =
            |secret: &str| secret.len() >= MIN_SECRET_CHARACTERS && secret.bytes().all(|byte| byte.is_ascii_graphic());
        let is_one_of_few = secrets.clone().count() <= MAX_SECRETS;
        let is_json = secrets.clone().any(|secret| secret.starts_with('{'));
        (is_one_of_few && !is_json && secrets.clone().all(is_usable))
            .then(|| Self { secrets: secrets.map(SecretString::from).collect(), address_header })
    }

    /// What these headers say. The gateway joins headers of the same name with commas.
    pub(crate) fn told(&self, headers: &HashMap<String, String>) -> Told {
        let values = |name: &HeaderName| {
            let named = headers.iter().filter(move |(sent, _)| sent.eq_ignore_ascii_case(name.as_str()));
            named.map(|(_, value)| value.as_str()).collect::<Vec<_>>()
        };
        if !matches!(values(&SECRET_HEADER).as_slice(), [secret] if self.knows(secret)) {
            return Told::Nothing;
        }
        match values(&self.address_header).as_slice() {
            [] => Told::Unreadable("missing"),
            [address] if !address.contains(',') => {
                let address = read(address.trim(), self.address_header == CLOUDFRONT);
                address.map_or(Told::Unreadable("malformed"), |address| Told::From(address.into()))
            }
            _ => Told::Unreadable("several"),
        }
    }

    /// Whether this is one of the secrets. Compares all of them, so that the time does not reveal which one matched.
    fn knows(&self, sent: &str) -> bool {
        let is_sent = |secret: &&SecretString| {
            constant_time::verify_slices_are_equal(secret.expose_secret().as_bytes(), sent.as_bytes()).is_ok()
        };
        self.secrets.iter().filter(is_sent).count() > 0
    }
}

/// Parses an address with optional brackets and port. Where a port always follows, an IPv6 address needs no brackets: the part
/// after the last colon is the port, even where it looks like part of the address.
fn read(text: &str, always_has_a_port: bool) -> Option<IpAddr> {
    match text.rsplit_once(':') {
        Some((address, port)) if always_has_a_port && address.contains(':') && !address.starts_with('[') => {
            format!("[{address}]:{port}").parse().ok().map(|address: SocketAddrV6| (*address.ip()).into())
        }
        _ => {
            let bare = text.parse().ok();
            let with_a_port = || text.parse().ok().map(|address: SocketAddr| address.ip());
            bare.or_else(with_a_port).or_else(|| in_brackets(text).map(IpAddr::from))
        }
    }
}

fn in_brackets(text: &str) -> Option<Ipv6Addr> {
    text.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

#[cfg(test)]
mod tests;
