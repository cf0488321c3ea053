//! Which destinations a call may have (protection against server-side request forgery). The HTTP client resolves names
//! through [`GuardedResolver`], which checks every address and returns only those, so that a name cannot resolve to another
//! address between check and connection (DNS rebinding). Literal addresses never reach a resolver and are checked before the
//! request.

use std::{
    collections::BTreeSet,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::{
    address::refusal,
    base_url::{BaseUrl, check_base_url},
    error::UpstreamError,
};

/// Ports of services with other protocols, which may act on the bytes of an HTTP request. Sources: the list of bad ports in
/// the WHATWG Fetch Standard, and the default ports of databases, queues and container runtimes.
const REFUSED_PORTS: &[u16] = &[
    1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
    111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 445, 465, 512, 513, 514, 515, 526, 530, 531,
    532, 540, 548, 554, 556, 563, 587, 601, 636, 873, 989, 990, 993, 995, 1433, 1521, 1719, 1720, 1723, 2049, 2181,
    2375, 2376, 2379, 2380, 3306, 3389, 3659, 4045, 4190, 5060, 5061, 5432, 5433, 5671, 5672, 5900, 6000, 6379, 6380,
    6432, 6566, 6665, 6666, 6667, 6668, 6669, 6697, 9042, 9092, 10080, 10250, 11211, 26257, 27017,
];

/// `host:port` pairs that may have private addresses and refused ports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowList(BTreeSet<String>);

impl AllowList {
    /// Reads a comma-separated list of `host:port`, written as in a URL.
    ///
    /// # Errors
    ///
    /// A sentence that names the first invalid entry.
    pub fn parse(text: &str) -> Result<Self, String> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        entries.map(Self::parse_entry).collect::<Result<_, _>>().map(Self)
    }

    /// A list of pairs that are checked and normalised already.
    pub fn of(pairs: impl IntoIterator<Item = String>) -> Self {
        Self(pairs.into_iter().collect())
    }

    fn parse_entry(entry: &str) -> Result<String, String> {
        let has_port = entry.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok_and(|port| port != 0));
        let bare = !entry.contains(['/', '?', '#', '@']);
        match check_base_url(&format!("http://{entry}")) {
            Ok(url) if has_port && bare => Ok(url.host_and_port()),
            _ => Err(format!("\"{entry}\" is not of the form host:port, for example localhost:11434")),
        }
    }

    /// The environment variable that allows this URL in addition to the present list.
    pub(super) fn line_with(&self, url: &BaseUrl) -> String {
        let mut all = self.0.clone();
        all.insert(url.host_and_port());
        format!("QUADRILLE_ALLOW_PRIVATE_UPSTREAMS={}", all.into_iter().collect::<Vec<_>>().join(","))
    }

    fn holds(&self, url: &BaseUrl) -> bool {
        self.0.contains(&url.host_and_port())
    }
}

/// How far a call may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Public addresses only.
    Public,
    /// Any address: the operator has allowed it.
    Anywhere,
}

/// Why a URL is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// It is at an address of this kind.
    Address(&'static str),
    /// Its port belongs to another kind of service.
    Port(u16),
}

impl From<Refused> for UpstreamError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Address(kind) => UpstreamError::address_blocked(kind),
            Refused::Port(port) => UpstreamError::port_blocked(port),
        }
    }
}

/// Decides how far calls to this URL may reach, and refuses what can be refused without looking up a name.
pub(super) fn reach(url: &BaseUrl, allow_private: bool, allow_list: &AllowList) -> Result<Reach, Refused> {
    if allow_private || allow_list.holds(url) {
        return Ok(Reach::Anywhere);
    }
    if REFUSED_PORTS.contains(&url.port()) {
        return Err(Refused::Port(url.port()));
    }
    // Reserved for this machine (RFC 6761, section 6.3), also with a trailing dot.
    let host = url.host();
    let host = host.trim_end_matches('.');
    if host == "localhost" || host.ends_with(".localhost") {
        return Err(Refused::Address("a loopback address"));
    }
    if let Some(kind) = url.literal_address().and_then(refusal) {
        return Err(Refused::Address(kind));
    }
    Ok(Reach::Public)
}

/// Resolves names; tests bring their own.
pub trait Lookup: Send + Sync {
    /// Every address of a name.
    ///
    /// # Errors
    ///
    /// Where the resolver fails; treated as a name without an address.
    fn addresses<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>>;
}

/// The machine's resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn addresses<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect()) })
    }
}

/// A name with an address that is not public.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to {0}")]
pub(super) struct Blocked(pub(super) &'static str);

/// A name without an address.
#[derive(Debug, thiserror::Error)]
#[error("the name has no address")]
pub(super) struct NameUnknown;

/// Resolves names for the HTTP client and returns only what `reach` allows.
pub(super) struct GuardedResolver {
    pub(super) reach: Reach,
    pub(super) lookup: Arc<dyn Lookup>,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (reach, lookup) = (self.reach, Arc::clone(&self.lookup));
        Box::pin(async move {
            match checked(&*lookup, name.as_str(), reach).await {
                Ok(found) => Ok(Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs),
                Err(Unreachable::Blocked(kind)) => Err(Blocked(kind).into()),
                Err(Unreachable::Unknown) => Err(NameUnknown.into()),
            }
        })
    }
}

/// Why a name cannot be called.
pub(super) enum Unreachable {
    /// It leads to an address of this kind.
    Blocked(&'static str),
    /// It has no address.
    Unknown,
}

/// The addresses of a name, at least one, all of them allowed.
pub(super) async fn checked(lookup: &dyn Lookup, name: &str, reach: Reach) -> Result<Vec<IpAddr>, Unreachable> {
    let found = lookup.addresses(name).await.map_err(|_| Unreachable::Unknown)?;
    if found.is_empty() {
        return Err(Unreachable::Unknown);
    }
    // One private address refuses the name: one that has both kinds is either misconfigured or hostile.
    match found.iter().copied().find_map(refusal) {
        Some(kind) if reach == Reach::Public => Err(Unreachable::Blocked(kind)),
        _ => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> BaseUrl {
        check_base_url(text).expect(text)
    }

    fn code(text: &str) -> Option<&'static str> {
        reach(&url(text), false, &AllowList::default()).err().map(|refused| UpstreamError::from(refused).code)
    }

    #[test]
    fn an_allow_list_is_read_with_spaces_and_written_in_one_way() {
        let list = AllowList::parse(" LOCALHOST:11434, 127.1:8080 ,[0::1]:80,,").expect("parses");
        for allowed in ["http://localhost:11434/v1", "http://127.0.0.1:8080/v1", "http://[::1]/v1"] {
            assert_eq!(reach(&url(allowed), false, &list), Ok(Reach::Anywhere), "{allowed}");
        }
        assert_eq!(reach(&url("http://127.0.0.1:8081/v1"), false, &list), Err(Refused::Address("a loopback address")));
        assert_eq!(AllowList::parse(""), Ok(AllowList::default()));
    }

    #[test]
    fn an_allow_list_entry_needs_a_host_and_a_port_and_nothing_else() {
        for bad in ["localhost", "localhost:", ":80", "http://localhost:80", "a:80/v1", "u@a:80", "a:0", "a:99999"] {
            assert!(AllowList::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn ports_of_other_services_are_refused_unless_the_operator_allows_them() {
        for port in [22, 25, 5432, 6379, 3306, 27017] {
            let text = format!("http://models.example:{port}/v1");
            assert_eq!(code(&text), Some("address_blocked"), "{port}");
            assert_eq!(reach(&url(&text), true, &AllowList::default()), Ok(Reach::Anywhere));
            let listed = AllowList::parse(&format!("models.example:{port}")).expect("parses");
            assert_eq!(reach(&url(&text), false, &listed), Ok(Reach::Anywhere));
        }
        assert!(REFUSED_PORTS.is_sorted());
    }

    #[test]
    fn usual_ports_and_public_addresses_are_admitted() {
        for text in
            ["https://api.example/v1", "http://host.example:8000", "http://8.8.8.8:8080/v1", "https://[2606:4700::1]/"]
        {
            assert_eq!(code(text), None, "{text}");
        }
    }
}
