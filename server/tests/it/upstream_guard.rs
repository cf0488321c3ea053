//! Where a call may not go: nothing may even connect there.

use std::sync::Arc;

use axum::http::HeaderMap;
use tokio_util::sync::CancellationToken;
use upstream::{
    AllowList, ChatRequest, ClientSettings, Lookup, Target, Timeouts, UpstreamClient, UpstreamError, check_base_url,
};

use crate::support::{fake_upstream::FakeUpstream, lookup::FakeLookup};

fn client(allow_list: &str, lookup: Option<Arc<FakeLookup>>) -> UpstreamClient {
    let usual = ClientSettings::default();
    let allow_list = AllowList::parse(allow_list).expect("an allow-list");
    let lookup = lookup.map_or(usual.lookup, |lookup| lookup as Arc<dyn Lookup>);
    UpstreamClient::new(ClientSettings { allow_list, lookup, connect_timeout: usual.connect_timeout })
        .expect("a client")
}

fn target(base_url: &str, allow_private: bool) -> Target {
    let base_url = check_base_url(base_url).expect("a base URL");
    Target { base_url, api_key: None, allow_private, headers: HeaderMap::new(), timeouts: Timeouts::default() }
}

async fn call(client: &UpstreamClient, target: &Target) -> Result<(), UpstreamError> {
    let listed = client.list_models(target).await.map(|_| ());
    let request = ChatRequest::new("m", None, "hi");
    let asked = client.stream_chat(target, &request, CancellationToken::new()).await.map(|_| ());
    assert_eq!(listed.as_ref().err(), asked.as_ref().err(), "both doors have the same guard");
    asked
}

fn code(outcome: &Result<(), UpstreamError>) -> Option<&'static str> {
    outcome.as_ref().err().map(|error| error.code)
}

#[tokio::test]
async fn no_spelling_of_a_private_address_is_connected_to() {
    let (v4, v6) = (FakeUpstream::start().await, FakeUpstream::start_on("::1").await);
    let spellings_of_v4 = [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.1",
        "127.0.0.1.",
        "0",
        "0.0.0.0",
        "１２７.0.0.1",
        "127。0。0。1",
        "localhost",
        "LOCALHOST",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "127.0.0.2",
        "127.255.255.254",
    ];
    let spellings_of_v6 = ["[::1]", "[0:0:0:0:0:0:0:1]", "[::]", "[0::1]", "localhost"];
    let v4_urls = spellings_of_v4.map(|host| format!("http://{host}:{}/v1", v4.port()));
    let v6_urls = spellings_of_v6.map(|host| format!("http://{host}:{}/v1", v6.port()));
    let client = client("", None);
    for url in v4_urls.iter().chain(&v6_urls) {
        let outcome = call(&client, &target(url, false)).await;
        assert_eq!(code(&outcome), Some("address_blocked"), "{url}: {outcome:?}");
        assert!(outcome.is_err_and(|error| error.message.contains("QUADRILLE_ALLOW_PRIVATE_UPSTREAMS")));
    }
    for url in [
        "http://169.254.169.254/v1",
        "http://[fd00:ec2::254]/v1",
        "http://[64:ff9b::7f00:1]/v1",
        "http://[2002:7f00:1::]/v1",
        "http://10.0.0.1/v1",
        "https://192.168.0.1/v1",
    ] {
        assert_eq!(code(&client.check(&target(url, false))), Some("address_blocked"), "{url}");
    }
    // Some name servers know the rooted name and some do not.
    assert!(call(&client, &target(&format!("http://localhost.:{}/v1", v4.port()), false)).await.is_err());
    assert_eq!((v4.connections(), v6.connections()), (0, 0));
}

#[tokio::test]
async fn a_name_with_a_single_private_answer_is_not_connected_to() {
    let upstream = FakeUpstream::start().await;
    let answers: [&[&str]; 6] = [
        &["127.0.0.1"],
        &["::1"],
        &["::ffff:127.0.0.1"],
        &["8.8.8.8", "127.0.0.1"],
        &["2606:4700::1111", "10.0.0.1", "8.8.8.8"],
        &["169.254.169.254"],
    ];
    for answer in answers {
        let lookup = FakeLookup::says(&[answer]);
        let url = format!("http://models.example:{}/v1", upstream.port());
        let outcome = call(&client("", Some(lookup)), &target(&url, false)).await;
        assert_eq!(code(&outcome), Some("address_blocked"), "{answer:?}");
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_name_without_an_address_is_said_to_be_unknown() {
    let lookup = FakeLookup::says(&[&[]]);
    let outcome = call(&client("", Some(lookup)), &target("http://models.example/v1", false)).await;
    assert_eq!(code(&outcome), Some("dns_failed"));
}

#[tokio::test]
async fn what_was_looked_up_is_what_is_connected_to_even_if_the_name_turns_elsewhere() {
    let (first, second) = (FakeUpstream::start_on("127.0.0.1").await, FakeUpstream::start_on("127.0.0.2").await);
    let lookup = FakeLookup::says(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let host = format!("models.example:{}", first.port());
    let client = client(&host, Some(Arc::clone(&lookup)));
    client.list_models(&target(&format!("http://{host}/v1"), false)).await.expect("a list");
    assert_eq!(lookup.asked(), 1);
    assert_eq!((first.connections(), second.connections()), (1, 0));
}

#[tokio::test]
async fn the_operator_can_allow_a_private_server_and_only_that_one() {
    let (allowed, other) = (FakeUpstream::start().await, FakeUpstream::start().await);
    let client = client(&format!("127.0.0.1:{}, localhost:{}", allowed.port(), allowed.port()), None);
    for host in ["127.0.0.1", "localhost", "127.1"] {
        let url = |port| format!("http://{host}:{port}/v1");
        assert_eq!(call(&client, &target(&url(allowed.port()), false)).await, Ok(()), "{host}");
        assert_eq!(code(&call(&client, &target(&url(other.port()), false)).await), Some("address_blocked"), "{host}");
    }
    assert_eq!(other.connections(), 0);
    assert_eq!(call(&client, &target(&other.base_url(), true)).await, Ok(()));
}

#[tokio::test]
async fn a_connection_made_for_the_operators_own_upstream_is_not_used_for_another() {
    let upstream = FakeUpstream::start().await;
    let client = client("", None);
    client.list_models(&target(&upstream.base_url(), true)).await.expect("a list");
    let outcome = client.list_models(&target(&upstream.base_url(), false)).await;
    assert_eq!(outcome.expect_err("a refusal").code, "address_blocked");
    assert_eq!(upstream.journal().len(), 1);
}

#[tokio::test]
async fn ports_of_other_services_are_refused() {
    let client = client("", None);
    for port in [22, 25, 5432, 6379] {
        let outcome = client.check(&target(&format!("http://models.example:{port}/v1"), false));
        assert!(outcome.is_err_and(|error| error.message.contains(&port.to_string())), "{port}");
    }
}
