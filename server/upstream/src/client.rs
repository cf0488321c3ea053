//! The one way out: checks where a call goes, sends it, follows nothing and decodes nothing.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use foundation::error::Error;
use http::{
    HeaderMap, HeaderValue, Method,
    header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE},
};
use reqwest::Response;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    base_url::BaseUrl,
    classify::{from_answer, from_transport},
    error::UpstreamError,
    guard::{AllowList, GuardedResolver, Lookup, Reach, Refused, SystemLookup, Unreachable, checked, reach},
    wait::{Deadlines, Timeouts},
};

/// Bytes read of an answer that only says what went wrong.
const MAX_ERROR_BODY: usize = 64 * 1024;

/// An upstream as one call sees it.
#[derive(Clone, Debug)]
pub struct Target {
    pub base_url: BaseUrl,
    pub api_key: Option<SecretString>,
    /// Whether it may be at a private address: true for the upstream that the operator configured.
    pub allow_private: bool,
    /// Sent with every call, over what this site would send under the same name; their values are secrets.
    pub headers: HeaderMap,
    pub timeouts: Timeouts,
}

impl Target {
    pub(super) fn key(&self) -> Option<&str> {
        self.api_key.as_ref().map(ExposeSecret::expose_secret).filter(|key| !key.trim().is_empty())
    }

    /// [`Self::secrets`] as bare text, to be taken out of a quotation.
    pub(super) fn secret_text(&self) -> Option<String> {
        self.secrets().map(|secrets| secrets.expose_secret().to_owned())
    }

    /// The key and the values of the custom headers, each on a line of its own: what no quotation may contain.
    pub(super) fn secrets(&self) -> Option<SecretString> {
        let values = self.headers.values().filter_map(|value| value.to_str().ok());
        let secrets: Vec<&str> = self.key().into_iter().chain(values).collect();
        (!secrets.is_empty()).then(|| SecretString::from(secrets.join("\n")))
    }
}

/// One HTTP request to an upstream.
#[derive(Clone, Debug)]
pub struct Call {
    pub method: Method,
    /// Begins with a slash and follows the base URL, for example `/chat/completions`.
    pub path: &'static str,
    /// JSON, or nothing.
    pub body: Option<Bytes>,
}

/// What a client is made with; `Default` is what production uses, with nothing on the allow-list.
#[derive(Clone)]
pub struct ClientSettings {
    pub allow_list: AllowList,
    pub lookup: Arc<dyn Lookup>,
    /// For name, TCP and TLS together.
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

/// Calls upstreams. Cheap to clone; all clones share their connections.
#[derive(Clone)]
pub struct UpstreamClient(Arc<Clients>);

/// Two pools, so that no connection made under one rule is ever used under the other.
struct Clients {
    public: reqwest::Client,
    anywhere: reqwest::Client,
    settings: ClientSettings,
}

impl UpstreamClient {
    /// Builds the client. Fails only if the machine cannot do TLS at all.
    pub fn new(settings: ClientSettings) -> Result<Self, Error> {
        // An error means that a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self(Arc::new(Clients {
            public: build(Reach::Public, &settings)?,
            anywhere: build(Reach::Anywhere, &settings)?,
            settings,
        })))
    }

    /// Whether this target may be called at all, as far as can be told without looking up its name.
    pub fn check(&self, target: &Target) -> Result<(), UpstreamError> {
        self.reach(target).map(|_| ())
    }

    /// The addresses that this target may be called at; at least one.
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

    /// Why this base URL may not be called, in words for who enters it, and what the operator would have to set; `None` if
    /// it may be called, or if its name leads nowhere yet.
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

    /// How long connecting may take.
    pub(super) fn connect_timeout(&self) -> Duration {
        self.0.settings.connect_timeout
    }

    /// Sends one request, once, and returns the answer as it is, whatever its status. Redirects and encoded bodies are
    /// errors. Dropping the future or the answer closes the connection to the upstream.
    pub async fn send(&self, target: &Target, call: Call, deadlines: &Deadlines) -> Result<Response, UpstreamError> {
        let client = match self.reach(target)? {
            Reach::Public => &self.0.public,
            Reach::Anywhere => &self.0.anywhere,
        };
        let mut request = client.request(call.method, target.base_url.endpoint(call.path)).headers(headers(target)?);
        if let Some(body) = call.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body);
        }
        let answer = deadlines.for_first_byte(request.send()).await?.map_err(|error| from_transport(&error))?;
        if answer.status().is_redirection() {
            return Err(UpstreamError::redirected(answer.status().as_u16()));
        }
        if is_encoded(answer.headers()) {
            return Err(UpstreamError::bad_response("a compressed body that was not asked for"));
        }
        Ok(answer)
    }

    /// The answer if it is a success; else what it says went wrong.
    pub(super) async fn send_for_success(
        &self,
        target: &Target,
        call: Call,
        deadlines: &Deadlines,
    ) -> Result<Response, UpstreamError> {
        let answer = self.send(target, call, deadlines).await?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let (status, headers) = (answer.status(), answer.headers().clone());
        // A status without its words is still worth telling.
        let body = read_body(answer, MAX_ERROR_BODY, deadlines).await.unwrap_or_else(|(_, read)| read);
        Err(from_answer(status, &headers, &body, target.secret_text().as_deref()))
    }
}

/// The whole body, or the error together with what was read before it.
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
        // A machine without certificate authorities can still call http:// upstreams, its own demo among them; every
        // https:// call then fails with an unknown issuer.
        tracing::warn!(%error, "no certificate authorities found; install ca-certificates to call https:// upstreams");
        builder()
            .tls_certs_only(std::iter::empty())
            .build()
            .map_err(|error| Error::Internal(format!("the HTTP client could not be built: {error}")))
    })
}

fn headers(target: &Target) -> Result<HeaderMap, UpstreamError> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    if let Some(key) = target.key() {
        let mut value =
            HeaderValue::try_from(format!("Bearer {}", key.trim())).map_err(|_| UpstreamError::key_unusable())?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    headers.extend(target.headers.clone());
    Ok(headers)
}

fn is_encoded(headers: &HeaderMap) -> bool {
    headers.get_all(CONTENT_ENCODING).iter().any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))
}
