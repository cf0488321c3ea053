//! The HTTP client for all calls to upstreams: checks the destination, sends the request, follows no redirect and decodes no
//! compressed body.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use foundation::error::Error;
use http::{
    HeaderMap, Method,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};
use reqwest::{RequestBuilder, Response};
use url::Url;

use crate::{
    base_url::BaseUrl,
    classify::{from_response, from_transport},
    error::UpstreamError,
    guard::{AllowList, GuardedResolver, Lookup, Reach, Refused, SystemLookup, Unreachable, checked, reach},
    negotiate::Complaint,
    target::{Call, Target},
    wait::Deadlines,
};

/// Most bytes read of the body of an error response.
const MAX_ERROR_BODY: usize = 64 * 1024;

/// Settings of a client. `Default` is the production configuration with an empty allow-list.
#[derive(Clone)]
pub struct ClientSettings {
    pub allow_list: AllowList,
    pub lookup: Arc<dyn Lookup>,
    /// Limit for name lookup, TCP and TLS together.
    pub connect_timeout: Duration,
}

impl Default for ClientSettings {
    fn default() -> Self {
        Self {
            allow_list: AllowList::default(),
            lookup: Arc::new(SystemLookup),
            connect_timeout: Duration::from_secs(5),
        }
    }
}

/// Calls upstreams. Cheap to clone; clones share their connection pools.
#[derive(Clone)]
pub struct UpstreamClient(Arc<Clients>);

/// Two connection pools: a connection made under [`Reach::Anywhere`] must not be reused under [`Reach::Public`].
struct Clients {
    public: reqwest::Client,
    anywhere: reqwest::Client,
    settings: ClientSettings,
}

impl UpstreamClient {
    /// Builds the client and installs the process-wide TLS provider.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] where the TLS backend cannot be initialised.
    pub fn new(settings: ClientSettings) -> Result<Self, Error> {
        // An error means that a provider is installed already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self(Arc::new(Clients {
            public: build(Reach::Public, &settings)?,
            anywhere: build(Reach::Anywhere, &settings)?,
            settings,
        })))
    }

    /// Checks whether this target may be called, without looking up its name.
    ///
    /// # Errors
    ///
    /// `address_blocked` for a literal address or a port that is not allowed.
    pub fn check(&self, target: &Target) -> Result<(), UpstreamError> {
        self.reach(target).map(|_| ())
    }

    /// The addresses at which this target may be called; at least one. Cancel-safe.
    ///
    /// # Errors
    ///
    /// `address_blocked`, or `dns_failed` where the name has no address or its lookup takes longer than the connect timeout.
    pub async fn addresses(&self, target: &Target) -> Result<Vec<SocketAddr>, UpstreamError> {
        let reach = self.reach(target)?;
        let port = target.base_url.port();
        let found = match target.base_url.literal_address() {
            Some(address) => vec![address],
            None => self.look_up(&target.base_url.host(), reach).await?,
        };
        Ok(found.into_iter().map(|address| SocketAddr::new(address, port)).collect())
    }

    async fn look_up(&self, name: &str, reach: Reach) -> Result<Vec<IpAddr>, UpstreamError> {
        let settings = &self.0.settings;
        let looked_up = tokio::time::timeout(settings.connect_timeout, checked(&*settings.lookup, name, reach)).await;
        match looked_up {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(Unreachable::Blocked(kind))) => Err(UpstreamError::address_blocked(kind)),
            Ok(Err(Unreachable::Unknown)) | Err(_) => Err(UpstreamError::dns_failed()),
        }
    }

    fn reach(&self, target: &Target) -> Result<Reach, UpstreamError> {
        Ok(reach(&target.base_url, target.allow_private, &self.0.settings.allow_list)?)
    }

    /// Why this base URL may not be called and what the operator would have to set, as text for the form it was entered in.
    /// `None` where it may be called, and where its name cannot be resolved. Looks the name up, for at most the connect
    /// timeout.
    pub async fn refusal(&self, base_url: &BaseUrl, allow_private: bool) -> Option<String> {
        let settings = &self.0.settings;
        let refused = match reach(base_url, allow_private, &settings.allow_list) {
            Err(refused) => refused,
            Ok(_) if base_url.literal_address().is_some() => return None,
            Ok(reach) => {
                let host = base_url.host();
                let looked_up = checked(&*settings.lookup, &host, reach);
                match tokio::time::timeout(settings.connect_timeout, looked_up).await {
                    Ok(Err(Unreachable::Blocked(kind))) => Refused::Address(kind),
                    _ => return None,
                }
            }
        };
        let why = match refused {
            Refused::Address(kind) => format!("This leads to {kind}, which this site does not call."),
            Refused::Port(port) => {
                format!("Port {port} belongs to another kind of service; this site does not call it.")
            }
        };
        let line = settings.allow_list.line_with(base_url);
        Some(format!("{why} If it is meant, the operator sets {line} in the server's environment and starts it again."))
    }

    /// Limit for name lookup, TCP and TLS together.
    pub(super) fn connect_timeout(&self) -> Duration {
        self.0.settings.connect_timeout
    }

    /// Sends one request, once, and returns the response, whatever its status.
    ///
    /// Dropping the future or the response closes the connection to the upstream.
    ///
    /// # Errors
    ///
    /// A blocked address, a failed connection, a missed deadline, a redirect, or a compressed body.
    pub async fn send(&self, target: &Target, call: Call, deadlines: &Deadlines) -> Result<Response, UpstreamError> {
        let mut request = self.request(target, call.method, target.base_url.endpoint(call.path))?;
        if let Some(body) = call.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body);
        }
        deliver(request, deadlines).await
    }

    /// Fetches what is at an address of the target's own origin, once. A status other than 2xx is an error.
    pub(super) async fn get(
        &self,
        target: &Target,
        url: Url,
        deadlines: &Deadlines,
    ) -> Result<Response, UpstreamError> {
        let answer = deliver(self.request(target, Method::GET, url)?, deadlines).await?;
        successful(answer, target, deadlines).await
    }

    fn request(&self, target: &Target, method: Method, url: Url) -> Result<RequestBuilder, UpstreamError> {
        let client = match self.reach(target)? {
            Reach::Public => &self.0.public,
            Reach::Anywhere => &self.0.anywhere,
        };
        Ok(client.request(method, url).headers(target.request_headers()?))
    }

    /// Like [`Self::send`], with a status other than 2xx as an error, classified by status and body.
    pub(super) async fn send_for_success(
        &self,
        target: &Target,
        call: Call,
        deadlines: &Deadlines,
    ) -> Result<Response, UpstreamError> {
        let answer = self.send(target, call, deadlines).await?;
        successful(answer, target, deadlines).await
    }
}

/// Sends a request, and refuses a redirect and a compressed body.
async fn deliver(request: RequestBuilder, deadlines: &Deadlines) -> Result<Response, UpstreamError> {
    let answer = deadlines.for_first_output(request.send()).await?.map_err(|error| from_transport(&error))?;
    if answer.status().is_redirection() {
        return Err(UpstreamError::redirected(answer.status().as_u16()));
    }
    if is_encoded(answer.headers()) {
        return Err(UpstreamError::bad_response("a compressed body that was not asked for"));
    }
    Ok(answer)
}

/// The response, or the error that its status and body report.
async fn successful(answer: Response, target: &Target, deadlines: &Deadlines) -> Result<Response, UpstreamError> {
    if answer.status().is_success() {
        return Ok(answer);
    }
    let (status, headers) = (answer.status(), answer.headers().clone());
    // The status is reported even where its body cannot be read.
    let body = read_body(answer, MAX_ERROR_BODY, deadlines).await.unwrap_or_else(|(_, read)| read);
    let error = from_response(status, &headers, &body, target.secret_text().as_deref());
    Err(UpstreamError { complaint: Complaint::of(status, &body), ..error })
}

/// The whole body of at most `limit` bytes, or the error together with what was read before it.
pub(super) async fn read_body(
    mut answer: Response,
    limit: usize,
    deadlines: &Deadlines,
) -> Result<Bytes, (UpstreamError, Bytes)> {
    let mut body = BytesMut::new();
    loop {
        let error = match deadlines.for_more(answer.chunk()).await {
            Ok(Ok(Some(bytes))) if body.len() + bytes.len() <= limit => {
                body.extend_from_slice(&bytes);
                continue;
            }
            Ok(Ok(None)) => return Ok(body.freeze()),
            Ok(Ok(Some(bytes))) => {
                body.extend_from_slice(&bytes[..limit - body.len()]);
                UpstreamError::too_large()
            }
            Ok(Err(error)) => from_transport(&error),
            Err(error) => error,
        };
        return Err((error, body.freeze()));
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that makes a client, with the guard of addresses")]
fn build(reach: Reach, settings: &ClientSettings) -> Result<reqwest::Client, Error> {
    let builder = || {
        reqwest::Client::builder()
            .user_agent(concat!("quadrille/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .connect_timeout(settings.connect_timeout)
            .tcp_nodelay(true)
            .tcp_keepalive(Duration::from_secs(30))
            .pool_idle_timeout(Duration::from_secs(60))
            .http2_max_header_list_size(64 * 1024)
            .dns_resolver(GuardedResolver { reach, lookup: Arc::clone(&settings.lookup) })
    };
    builder().build().or_else(|error| {
        // Without certificate authorities, http:// upstreams such as the built-in demo still work; every https:// call then
        // fails with an unknown issuer.
        tracing::warn!(%error, "no certificate authorities found; install ca-certificates to call https:// upstreams");
        builder()
            .tls_certs_only(std::iter::empty())
            .build()
            .map_err(|error| Error::Internal(format!("the HTTP client could not be built: {error}")))
    })
}

fn is_encoded(headers: &HeaderMap) -> bool {
    headers.get_all(CONTENT_ENCODING).iter().any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))
}
