//! Callers who go away, at every stage.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};

use super::support::{Caller, ONE, question, rows_once, streamed};
use crate::support::{
    app::{TestApp, eventually},
    fake_upstream::{Behaviour, Ending, Step},
};

#[sqlx::test(migrations = "../migrations")]
async fn a_caller_who_goes_away_while_sending_has_asked_nobody(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let caller = Caller::new(&app).await;
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: 1000\r\n\r\n{{\"model\"",
        caller.secret
    );
    let mut socket = TcpStream::connect(app.address).await.unwrap();
    socket.write_all(head.as_bytes()).await.unwrap();
    eventually("the request has begun", async || {
        let metrics = app.request(Method::GET, "/metrics").send().await.unwrap().text().await.unwrap();
        metrics.lines().any(|line| line == "quadrille_gateway_requests_in_flight 1")
    })
    .await;
    drop(socket);
    let row = &rows_once(&app.pool, 1).await[0];
    assert_eq!(row.ending(), ("abandoned", Some("hang_up"), None));
    assert_eq!((row.attempt, row.model_public_name.as_str()), (0, ""));
    assert!(app.upstream.journal().is_empty());
}

#[sqlx::test(migrations = "../migrations")]
async fn a_caller_who_goes_away_ends_the_upstream_call(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let caller = Caller::new(&app).await;
    // Before the first byte, of both kinds.
    app.upstream.on(ONE, Behaviour::silence());
    for (n, ask) in [question(ONE), streamed(ONE)].into_iter().enumerate() {
        let asked = timeout(Duration::from_millis(600), caller.send(&ask)).await;
        assert!(asked.is_err(), "nobody answers");
        let journal = app.upstream.ended(n + 1).await;
        assert_eq!(journal[n].ending(), Some(Ending::ClientHungUp));
    }
    // In the middle of the answer.
    app.upstream.on(ONE, Behaviour::tokens(1_000, Duration::from_millis(20)));
    let mut answer = caller.send(&streamed(ONE)).await;
    answer.chunk().await.unwrap().expect("a first piece");
    drop(answer);
    assert_eq!(app.upstream.ended(3).await[2].ending(), Some(Ending::ClientHungUp));

    let rows = rows_once(&app.pool, 3).await;
    for row in &rows[..2] {
        assert_eq!(row.ending(), ("abandoned", Some("hang_up"), None));
        assert_eq!((row.attempt, row.tokens_in, row.tokens_out), (1, None, None));
        assert_eq!(row.model_public_name, ONE);
    }
    assert_eq!(rows[2].ending(), ("abandoned", Some("hang_up"), Some(200)));
    assert!(rows[2].tokens_out.is_some_and(|tokens| tokens >= 1) && rows[2].ttft_ms.is_some());
    assert_eq!(rows[2].usage_source.as_deref(), Some("estimated"));
}

#[sqlx::test(migrations = "../migrations")]
async fn ten_seconds_of_silence_are_the_models_fault(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let caller = Caller::new(&app).await;
    app.upstream.on(ONE, Behaviour::silence());
    // The caller waits with signs of life, and gives up.
    let waiting = async { caller.send(&streamed(ONE)).await.text().await };
    assert!(timeout(Duration::from_millis(10_300), waiting).await.is_err());
    let row = &rows_once(&app.pool, 1).await[0];
    assert_eq!(row.ending(), ("error", Some("slow"), Some(200)));
    assert!(row.latency_ms >= 10_000);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_caller_who_does_not_read_is_gone_when_the_time_is_over(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let caller = Caller::new(&app).await;
    sqlx::query("UPDATE upstreams SET idle_ms = 1500").execute(&app.pool).await.unwrap();
    let piece =
        [b"data: {\"choices\":[{\"delta\":{\"content\":\"".to_vec(), vec![b'a'; 60_000], b"\"}}]}\n\n".to_vec()]
            .concat();
    let endless = Step::Forever(piece, Duration::ZERO);
    app.upstream.on(ONE, Behaviour::steps([Behaviour::event_stream(), endless]));
    let body = json!({"model": ONE, "stream": true, "messages": [{"role": "user", "content": "x"}]}).to_string();
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n{body}",
        caller.secret,
        body.len()
    );
    let mut socket = TcpStream::connect(app.address).await.unwrap();
    socket.write_all(request.as_bytes()).await.unwrap();
    let row = &rows_once(&app.pool, 1).await[0];
    assert_eq!(row.ending(), ("abandoned", Some("hang_up"), Some(200)));
    drop(socket);
}
