//! Trusted proxies, and the client address behind them.

use std::net::IpAddr;

use foundation::error::OperatorError;
use ipnet::IpNet;

/// The proxies in front of this site, whose `X-Forwarded-For` is trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies {
    nets: Vec<IpNet>,
    trusts_loopback: bool,
}

impl TrustedProxies {
    /// Parses comma-separated addresses and networks. A site that is reached over https has a proxy that terminates TLS, so with
    /// https the loopback addresses are trusted without being named.
    ///
    /// # Errors
    /// A usage error that names the part that is neither an address nor a network.
    pub fn parse(text: &str, is_https: bool) -> Result<Self, OperatorError> {
        let named = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let nets = named.map(|part| {
            part.parse().or_else(|_| part.parse::<IpAddr>().map(IpNet::from)).map_err(|_| {
                OperatorError::usage(
                    format!("QUADRILLE_TRUSTED_PROXIES: {part:?} is neither an address nor a network"),
                    "write addresses or networks, several separated by commas, such as 10.0.0.2,172.18.0.0/16",
                )
            })
        });
        Ok(Self { nets: nets.collect::<Result<_, _>>()?, trusts_loopback: is_https })
    }

    fn is_trusted(&self, address: IpAddr) -> bool {
        self.trusts_loopback && address.is_loopback() || self.nets.iter().any(|net| net.contains(&address))
    }

    /// The client's address: from `peer` backwards through `X-Forwarded-For`, the first one that is not a trusted proxy's.
    /// `forwarded` are the values of that header, in their order.
    pub fn client<'a>(&self, peer: IpAddr, forwarded: impl DoubleEndedIterator<Item = &'a str>) -> IpAddr {
        let mut client = peer.to_canonical();
        for named in forwarded.rev().flat_map(|value| value.rsplit(',')) {
            if !self.is_trusted(client) {
                break;
            }
            let Ok(address) = named.trim().parse::<IpAddr>() else { break };
            client = address.to_canonical();
        }
        client
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(proxies: &TrustedProxies, peer: &str, forwarded: &[&str]) -> String {
        proxies.client(peer.parse().expect("an address"), forwarded.iter().copied()).to_string()
    }

    #[test]
    fn behind_https_the_proxy_on_this_machine_is_believed_and_no_other() {
        let https = TrustedProxies::parse("", true).expect("nothing");
        assert_eq!(seen(&https, "127.0.0.1", &["1.2.3.4, 198.51.100.7"]), "198.51.100.7");
        assert_eq!(seen(&https, "203.0.113.9", &["198.51.100.7"]), "203.0.113.9");
        assert_eq!(seen(&https, "127.0.0.1", &["nonsense"]), "127.0.0.1");
        assert_eq!(seen(&https, "::ffff:127.0.0.1", &["2001:db8::1"]), "2001:db8::1");
        assert_eq!(seen(&https, "127.0.0.1", &[]), "127.0.0.1");
        assert_eq!(seen(&TrustedProxies::default(), "127.0.0.1", &["198.51.100.7"]), "127.0.0.1");
    }

    #[test]
    fn named_proxies_are_believed_one_behind_the_other() {
        let named = TrustedProxies::parse("172.18.0.0/16, 10.0.0.2,", false).expect("two");
        assert_eq!(seen(&named, "172.18.0.3", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(seen(&named, "172.18.0.3", &["6.6.6.6, 198.51.100.7, 10.0.0.2"]), "198.51.100.7");
        assert_eq!(seen(&named, "172.18.0.3", &["6.6.6.6", "198.51.100.7", "10.0.0.2"]), "198.51.100.7");
        assert_eq!(seen(&named, "172.19.0.3", &["198.51.100.7"]), "172.19.0.3");
        assert_eq!(seen(&named, "127.0.0.1", &["198.51.100.7"]), "127.0.0.1");
    }

    #[test]
    fn what_is_no_address_is_refused_by_name() {
        for wrong in ["proxy.lan", "10.0.0.0/33", "10.0.0"] {
            let refusal = TrustedProxies::parse(wrong, true).expect_err("a refusal");
            assert!(refusal.is_usage && refusal.to_string().contains(wrong), "{refusal}");
        }
    }
}
