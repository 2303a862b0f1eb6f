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

/// The header in which a proxy sends the secret.
pub(crate) const SECRET_HEADER: HeaderName = HeaderName::from_static("x-proxy-secret");

/// What CloudFront writes for each request, over whatever the client sent: the viewer's address and port, with no brackets
/// around an address of IPv6.
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/adding-cloudfront-headers.html>
const CLOUDFRONT: &str = "cloudfront-viewer-address";

/// Headers that clients can start and proxies append to, so their first entries prove nothing. API Gateway turns the first
/// into the second.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html>
const FORWARDED: [&str; 2] = ["x-forwarded-for", "forwarded"];

/// The fewest characters of a secret.
const MIN_SECRET_CHARACTERS: usize = 32;

/// How many secrets there may be: the next one beside the present one, while it spreads to every place that the proxy runs at.
const MAX_SECRETS: usize = 2;

/// A proxy of the operator's, known by its secret.
#[derive(Debug, Clone)]
pub struct Proxy {
    secrets: Arc<[SecretString]>,
    address_header: HeaderName,
}

/// What a request says of where it comes from, beside what the gateway sees.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Told {
    /// Nothing that counts, since the proxy did not send it.
    #[default]
    Nothing,
    /// The proxy sent it, from there.
    From(Source),
    /// The proxy sent it and names no one address, for this reason.
    Unreadable(&'static str),
}

impl Proxy {
    /// The header in which the address is looked for, if nothing else is said: CloudFront's.
    pub(crate) const ADDRESS_HEADER: &str = CLOUDFRONT;

    /// The header of this name, if it may hold the address: in lower case, and not one that clients may begin.
    pub(crate) fn address_header(name: &str) -> Option<HeaderName> {
        let header = HeaderName::from_lowercase(name.as_bytes()).ok()?;
        (header != SECRET_HEADER && !FORWARDED.contains(&header.as_str())).then_some(header)
    }

    /// The proxy that sends one of these secrets, with a comma between them, and the address in this header. None where a secret
    /// is too short, or could not stand in a header, or where there are too many, or it is JSON, as the console of Secrets
    /// Manager makes of a secret with keys: no proxy sends that.
    pub(crate) fn new(secrets: &SecretString, address_header: HeaderName) -> Option<Self> {
        let secrets = secrets.expose_secret().split(',').map(str::trim);
        let is_usable =
            |secret: &str| secret.len() >= MIN_SECRET_CHARACTERS && secret.bytes().all(|byte| byte.is_ascii_graphic());
        let is_one_of_few = secrets.clone().count() <= MAX_SECRETS;
        let is_json = secrets.clone().any(|secret| secret.starts_with('{'));
        (is_one_of_few && !is_json && secrets.clone().all(is_usable))
            .then(|| Self { secrets: secrets.map(SecretString::from).collect(), address_header })
    }

    /// What a request with these headers says. The gateway joins headers of one name with commas.
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

    /// Whether this is one of the secrets. Each is compared, so that the time does not tell which one it is.
    fn knows(&self, sent: &str) -> bool {
        let is_sent = |secret: &&SecretString| {
            constant_time::verify_slices_are_equal(secret.expose_secret().as_bytes(), sent.as_bytes()).is_ok()
        };
        self.secrets.iter().filter(is_sent).count() > 0
    }
}

/// Reads an address, which may have brackets around it and a port behind it. Where a port always stands behind it, even an
/// address of IPv6 needs no brackets: what is behind the last colon is no part of it, though it may look so.
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
