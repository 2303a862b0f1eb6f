//! Where a request comes from.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

/// The source address that limits count by: the gateway's `sourceIp`, or the address that the operator's own proxy names; never
/// anything that a client can set. For IPv6 the first 64 bits, since one customer usually has a whole /64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source(Option<IpAddr>);

impl Source {
    /// Parses the gateway's text. All addresses that cannot be parsed count as one.
    pub(crate) fn read(text: &str) -> Self {
        text.parse::<IpAddr>().map_or(Self(None), Self::from)
    }
}

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        Self(Some(match address.to_canonical() {
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
            address @ IpAddr::V4(_) => address,
        }))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(IpAddr::V6(address)) => write!(f, "{address}/64"),
            Some(IpAddr::V4(address)) => write!(f, "{address}"),
            None => f.write_str("unknown"),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::of_ipv4("203.0.113.7", "203.0.113.7")]
    #[case::of_ipv6("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64")]
    #[case::of_ipv6_in_the_same_network("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64")]
    #[case::of_ipv6_in_another_network("2001:db8:1:3::1", "2001:db8:1:3::/64")]
    #[case::of_ipv4_in_ipv6("::ffff:203.0.113.7", "203.0.113.7")]
    #[case::missing("", "unknown")]
    #[case::with_a_port("203.0.113.7:443", "unknown")]
    #[case::of_no_address("ada", "unknown")]
    fn an_address_counts_as(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(Source::read(text).to_string(), expected);
    }
}
