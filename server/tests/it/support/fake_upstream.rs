//! An OpenAI-compatible upstream that misbehaves on command and keeps a journal of what was asked of it. Raw TCP, so that
//! it can cut, drip and lie where an HTTP server would not.
//!
//! ```ignore
//! let upstream = FakeUpstream::start().await;
//! upstream.on("slow", Behaviour::answer("Hello").after(Duration::from_secs(1)));
//! upstream.on_each("flaky", [Behaviour::status(503), Behaviour::answer("Hello")]);
//! // ... ask http://127.0.0.1:…/v1 for them ...
//! let calls = upstream.ended(3).await;
//! ```
//!
//! A model without a behaviour of its own answers "Hello from {model}.".

use std::{
    collections::{HashMap, VecDeque},
    fmt::Write as _,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::sleep,
};

/// One thing to do while answering.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Status line and headers. Without `content-length` the body is chunked.
    Head(u16, Vec<(String, String)>),
    /// A piece of the body.
    Body(Vec<u8>),
    /// Bytes as they are, outside of any framing.
    Raw(Vec<u8>),
    Wait(Duration),
    /// The piece again and again, until the client hangs up.
    Forever(Vec<u8>, Duration),
    /// Silence until the client hangs up.
    Hang,
    /// Ends the body as HTTP wants it.
    End,
    /// Closes the connection in the middle (FIN).
    Cut,
    /// Closes the connection in the middle (RST).
    Reset,
}

/// How to answer one request.
#[derive(Clone, Debug)]
pub(crate) struct Behaviour(Vec<Step>);

/// The pieces of a streamed answer, to be arranged as a test needs them.
#[derive(Clone, Debug)]
pub(crate) struct Chunks;

impl Chunks {
    pub(crate) fn event(value: &Value) -> Vec<u8> {
        format!("data: {value}\n\n").into_bytes()
    }

    pub(crate) fn delta(text: &str) -> Vec<u8> {
        Self::event(&json!({"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": text}}]}))
    }

    pub(crate) fn finish(reason: &str) -> Vec<u8> {
        Self::event(&json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}))
    }

    pub(crate) fn usage(usage: &Value) -> Vec<u8> {
        Self::event(&json!({"choices": [], "usage": usage}))
    }

    pub(crate) fn done() -> Vec<u8> {
        b"data: [DONE]\n\n".to_vec()
    }

    /// The usual end: reason, counts, `[DONE]`.
    pub(crate) fn end(tokens_in: u64, tokens_out: u64) -> Vec<u8> {
        let usage = json!({"prompt_tokens": tokens_in, "completion_tokens": tokens_out});
        [Self::finish("stop"), Self::usage(&usage), Self::done()].concat()
    }
}

impl Behaviour {
    pub(crate) fn steps(steps: impl Into<Vec<Step>>) -> Self {
        Self(steps.into())
    }

    /// A good streamed answer, one delta for each word; 7 tokens in, as many out as there are words.
    pub(crate) fn answer(text: &str) -> Self {
        let mut steps = vec![Self::event_stream()];
        steps.extend(text.split_inclusive(' ').map(|word| Step::Body(Chunks::delta(word))));
        let words = text.split_inclusive(' ').count() as u64;
        steps.extend([Step::Body(Chunks::end(7, words)), Step::End]);
        Self(steps)
    }

    /// A good streamed answer of `n` tokens with this pause between two.
    pub(crate) fn tokens(n: usize, pause: Duration) -> Self {
        let mut steps = vec![Self::event_stream()];
        for index in 0..n {
            if index > 0 && !pause.is_zero() {
                steps.push(Step::Wait(pause));
            }
            steps.push(Step::Body(Chunks::delta(&format!("t{index} "))));
        }
        steps.extend([Step::Body(Chunks::end(7, n as u64)), Step::End]);
        Self(steps)
    }

    /// A 200 event stream with exactly these bytes, ended properly.
    pub(crate) fn stream(bytes: impl Into<Vec<u8>>) -> Self {
        Self(vec![Self::event_stream(), Step::Body(bytes.into()), Step::End])
    }

    /// The same bytes, `size` at a time.
    pub(crate) fn stream_in_pieces(bytes: &[u8], size: usize) -> Self {
        let pieces = bytes.chunks(size).map(|piece| Step::Body(piece.to_vec()));
        Self([Self::event_stream()].into_iter().chain(pieces).chain([Step::End]).collect())
    }

    /// An answer with a status, a type and a body.
    pub(crate) fn reply(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let headers = vec![
            ("content-type".to_owned(), content_type.to_owned()),
            ("content-length".to_owned(), body.len().to_string()),
        ];
        Self(vec![Step::Head(status, headers), Step::Body(body), Step::End])
    }

    /// A JSON answer.
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::reply(status, "application/json", body.to_string())
    }

    /// An error status in OpenAI's shape.
    pub(crate) fn status(status: u16) -> Self {
        Self::json(status, &json!({"error": {"message": format!("fake {status}"), "type": "fake", "code": null}}))
    }

    /// Nothing at all after the request.
    pub(crate) fn silence() -> Self {
        Self(vec![Step::Hang])
    }

    /// The headers, the words, then nothing more.
    pub(crate) fn hang_after(text: &str) -> Self {
        Self(vec![Self::event_stream(), Step::Body(Chunks::delta(text)), Step::Hang])
    }

    /// The headers, the words, then the end of the connection.
    pub(crate) fn cut_after(text: &str) -> Self {
        Self(vec![Self::event_stream(), Step::Body(Chunks::delta(text)), Step::Cut])
    }

    /// The headers, the words, then a reset.
    pub(crate) fn reset_after(text: &str) -> Self {
        // The words must leave before the reset throws away what is still in the buffers.
        let wait = Step::Wait(Duration::from_millis(50));
        Self(vec![Self::event_stream(), Step::Body(Chunks::delta(text)), wait, Step::Reset])
    }

    /// Waits before the first byte.
    pub(crate) fn after(mut self, pause: Duration) -> Self {
        self.0.insert(0, Step::Wait(pause));
        self
    }

    /// Adds a header to the answer.
    pub(crate) fn with_header(mut self, name: &str, value: &str) -> Self {
        for step in &mut self.0 {
            if let Step::Head(_, headers) = step {
                headers.push((name.to_owned(), value.to_owned()));
            }
        }
        self
    }

    pub(crate) fn event_stream() -> Step {
        Step::Head(200, vec![("content-type".to_owned(), "text/event-stream".to_owned())])
    }
}

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Completed,
    /// The client closed the connection before the answer was over.
    ClientHungUp,
    /// The behaviour was to close it.
    CutByUs,
}

/// One request and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct JournalEntry {
    pub(crate) method: String,
    pub(crate) path: String,
    /// The `model` of the body, empty without one.
    pub(crate) model: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Value,
    pub(crate) started: Instant,
    pub(crate) ended: Option<(Ending, Instant)>,
    /// Bytes written, headers included.
    pub(crate) bytes_sent: usize,
}

impl JournalEntry {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn ending(&self) -> Option<Ending> {
        self.ended.map(|(ending, _)| ending)
    }
}

#[derive(Default)]
struct House {
    behaviours: HashMap<String, VecDeque<Behaviour>>,
    models: Vec<String>,
    models_replies: VecDeque<Behaviour>,
    root: Option<String>,
    journal: Vec<JournalEntry>,
    connections: usize,
}

/// A running fake upstream; it ends when it is dropped.
pub(crate) struct FakeUpstream {
    address: SocketAddr,
    house: Arc<Mutex<House>>,
    accepting: JoinHandle<()>,
}

impl Drop for FakeUpstream {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl FakeUpstream {
    /// Listens on a free port of 127.0.0.1.
    pub(crate) async fn start() -> Self {
        Self::start_on("127.0.0.1").await
    }

    /// Listens on a free port of a loopback address.
    pub(crate) async fn start_on(host: &str) -> Self {
        let listener = TcpListener::bind((host, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let house = Arc::new(Mutex::new(House::default()));
        let accepting = tokio::spawn(accept(listener, Arc::clone(&house)));
        Self { address, house, accepting }
    }

    /// `http://127.0.0.1:PORT/v1`
    pub(crate) fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// What `GET /v1/models` lists.
    pub(crate) fn lists(&self, models: &[&str]) {
        self.lock().models = models.iter().map(|model| (*model).to_owned()).collect();
    }

    /// Answers 404 to everything that is not below this path.
    pub(crate) fn is_at(&self, root: &str) {
        self.lock().root = Some(root.to_owned());
    }

    /// How `GET /v1/models` answers instead of listing.
    pub(crate) fn on_models(&self, behaviour: Behaviour) {
        self.on_model_pages([behaviour]);
    }

    /// How the next requests for `GET /v1/models` and its further pages are answered, in this order; the last one stays.
    pub(crate) fn on_model_pages(&self, behaviours: impl IntoIterator<Item = Behaviour>) {
        self.lock().models_replies = behaviours.into_iter().collect();
    }

    /// How every request for this model is answered.
    pub(crate) fn on(&self, model: &str, behaviour: Behaviour) {
        self.on_each(model, [behaviour]);
    }

    /// How the next requests for this model are answered, in this order; the last one stays.
    pub(crate) fn on_each(&self, model: &str, behaviours: impl IntoIterator<Item = Behaviour>) {
        self.lock().behaviours.insert(model.to_owned(), behaviours.into_iter().collect());
    }

    /// Every request so far, in the order of arrival.
    pub(crate) fn journal(&self) -> Vec<JournalEntry> {
        self.lock().journal.clone()
    }

    /// Connections accepted so far.
    pub(crate) fn connections(&self) -> usize {
        self.lock().connections
    }

    /// The journal once `n` requests have ended; fails after five seconds.
    pub(crate) async fn ended(&self, n: usize) -> Vec<JournalEntry> {
        self.wait_for(n, |entry| entry.ended.is_some()).await
    }

    /// The journal once `n` requests have arrived; fails after five seconds.
    pub(crate) async fn started(&self, n: usize) -> Vec<JournalEntry> {
        self.wait_for(n, |_| true).await
    }

    async fn wait_for(&self, n: usize, counts: fn(&JournalEntry) -> bool) -> Vec<JournalEntry> {
        let began = Instant::now();
        loop {
            let journal = self.journal();
            if journal.iter().filter(|entry| counts(entry)).count() >= n {
                return journal;
            }
            assert!(began.elapsed() < Duration::from_secs(5), "waited for {n} requests: {journal:#?}");
            sleep(Duration::from_millis(5)).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, House> {
        lock(&self.house)
    }
}

fn lock(house: &Mutex<House>) -> MutexGuard<'_, House> {
    house.lock().expect("no test panics while holding it")
}

async fn accept(listener: TcpListener, house: Arc<Mutex<House>>) {
    while let Ok((socket, _)) = listener.accept().await {
        lock(&house).connections += 1;
        let _ = socket.set_nodelay(true);
        tokio::spawn(serve(socket, Arc::clone(&house)));
    }
}

/// Answers requests on one connection until one of the two sides closes it.
async fn serve(mut socket: TcpStream, house: Arc<Mutex<House>>) {
    while let Some(entry) = read_request(&mut socket).await {
        let (behaviour, index) = {
            let mut house = lock(&house);
            let behaviour = house.behaviour(&entry);
            house.journal.push(entry);
            (behaviour, house.journal.len() - 1)
        };
        let ending = play(&behaviour, &mut socket, |sent| lock(&house).journal[index].bytes_sent += sent).await;
        lock(&house).journal[index].ended = Some((ending, Instant::now()));
        if ending != Ending::Completed {
            return;
        }
    }
}

impl House {
    fn behaviour(&mut self, entry: &JournalEntry) -> Behaviour {
        if self.root.as_ref().is_some_and(|root| !entry.path.starts_with(root.as_str())) {
            return Behaviour::json(404, &json!({"error": "nothing here"}));
        }
        if entry.path.split('?').next().is_some_and(|path| path.ends_with("/models")) {
            let data: Vec<Value> = self.models.iter().map(|id| json!({"id": id, "object": "model"})).collect();
            let list = json!({"object": "list", "data": data});
            let reply = match self.models_replies.len() {
                0 | 1 => self.models_replies.front().cloned(),
                _ => self.models_replies.pop_front(),
            };
            return reply.unwrap_or_else(|| Behaviour::json(200, &list));
        }
        match self.behaviours.get_mut(&entry.model) {
            Some(behaviours) if behaviours.len() > 1 => behaviours.pop_front(),
            Some(behaviours) => behaviours.front().cloned(),
            None => None,
        }
        .unwrap_or_else(|| Behaviour::answer(&format!("Hello from {}.", entry.model)))
    }
}

async fn read_request(socket: &mut TcpStream) -> Option<JournalEntry> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if socket.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let mut lines = head.lines();
    let mut request_line = lines.next()?.split(' ');
    let (method, path) = (request_line.next()?.to_owned(), request_line.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok());
    let length: usize = length.unwrap_or(0);
    while bytes.len() < head_end + length {
        if socket.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let body: Value = serde_json::from_slice(&bytes[head_end..head_end + length]).unwrap_or_default();
    let model = body["model"].as_str().unwrap_or_default().to_owned();
    Some(JournalEntry { method, path, model, headers, body, started: Instant::now(), ended: None, bytes_sent: 0 })
}

/// Does the steps, while listening for the client's hanging up.
async fn play(behaviour: &Behaviour, socket: &mut TcpStream, sent: impl Fn(usize)) -> Ending {
    let mut is_chunked = false;
    for step in &behaviour.0 {
        let (bytes, pause) = match step {
            Step::Head(status, headers) => {
                is_chunked = !headers.iter().any(|(name, _)| name == "content-length");
                (head(*status, headers, is_chunked), Duration::ZERO)
            }
            Step::Body(piece) => (frame(piece, is_chunked), Duration::ZERO),
            Step::Raw(bytes) => (bytes.clone(), Duration::ZERO),
            Step::Wait(pause) => (Vec::new(), *pause),
            Step::Hang => (Vec::new(), Duration::from_secs(3_600)),
            Step::Forever(piece, pause) => {
                let framed = frame(piece, is_chunked);
                loop {
                    if write(socket, &framed, *pause).await.is_none() {
                        return Ending::ClientHungUp;
                    }
                    sent(framed.len());
                }
            }
            Step::End if is_chunked => (b"0\r\n\r\n".to_vec(), Duration::ZERO),
            Step::End => continue,
            Step::Cut => return Ending::CutByUs,
            Step::Reset => {
                let _ = socket.set_zero_linger();
                return Ending::CutByUs;
            }
        };
        if write(socket, &bytes, pause).await.is_none() {
            return Ending::ClientHungUp;
        }
        sent(bytes.len());
    }
    Ending::Completed
}

/// Writes, then waits; `None` as soon as the client has hung up.
async fn write(socket: &mut TcpStream, bytes: &[u8], pause: Duration) -> Option<()> {
    let (mut reading, mut writing) = socket.split();
    let mut unexpected = [0; 1];
    let work = async {
        writing.write_all(bytes).await.ok()?;
        if !pause.is_zero() {
            sleep(pause).await;
        }
        Some(())
    };
    tokio::select! {
        biased;
        read = reading.read(&mut unexpected) => match read {
            Ok(0) | Err(_) => None,
            Ok(_) => panic!("a client must not send a second request before the first is answered"),
        },
        done = work => done,
    }
}

fn head(status: u16, headers: &[(String, String)], is_chunked: bool) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} Fake\r\n");
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    if is_chunked {
        head.push_str("transfer-encoding: chunked\r\n");
    }
    head.push_str("\r\n");
    head.into_bytes()
}

fn frame(piece: &[u8], is_chunked: bool) -> Vec<u8> {
    if !is_chunked || piece.is_empty() {
        return piece.to_vec();
    }
    [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat()
}
