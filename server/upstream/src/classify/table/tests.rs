//! Every row against the words of the provider that it names.

use std::collections::BTreeSet;

use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::Value;

use super::{find, rows};
use crate::classify::{phrase::Numbers, row::Row, said::Said};

/// A line of `samples.txt`.
struct Sample {
    status: Option<u16>,
    fault: &'static str,
    source: &'static str,
    body: &'static str,
}

impl Sample {
    fn of(line: &'static str) -> Self {
        let parts: Vec<&str> = line.splitn(4, " | ").collect();
        let [status, fault, source, body] = parts[..] else { panic!("not a sample: {line}") };
        Self { status: status.parse().ok(), fault, source, body }
    }

    fn said(&self) -> Said {
        let body = serde_json::from_str(self.body).unwrap_or_else(|_| Value::String(self.body.to_owned()));
        match self.status {
            Some(status) => {
                Said::by_response(StatusCode::from_u16(status).expect("a status"), &HeaderMap::new(), &body)
            }
            None => Said::by_object(&body),
        }
    }
}

fn samples() -> Vec<Sample> {
    let lines = include_str!("samples.txt").lines();
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(Sample::of).collect()
}

fn first_row(said: &Said) -> Option<(usize, &'static Row)> {
    rows().enumerate().find(|(_, row)| row.fits(said).is_some())
}

#[test]
fn every_refusal_is_told_by_its_providers_wording() {
    for sample in samples() {
        let found = find(&sample.said()).map(|(fault, _)| format!("{fault:?}"));
        let row = first_row(&sample.said());
        assert_eq!(found.as_deref(), Some(sample.fault), "{}: {}\n{row:?}", sample.source, sample.body);
    }
}

#[test]
fn every_row_is_told_by_a_sample_of_the_provider_that_it_names() {
    let told = |sample: &Sample| {
        let (place, row) = first_row(&sample.said())?;
        (row.source == sample.source).then_some(place)
    };
    let told: BTreeSet<usize> = samples().iter().filter_map(told).collect();
    let missing: Vec<&Row> =
        rows().enumerate().filter(|(place, _)| !told.contains(place)).map(|(_, row)| row).collect();
    assert!(missing.is_empty(), "no sample is told by {missing:#?}");
}

#[test]
fn the_numbers_of_a_prompt_that_is_too_long_are_kept() {
    let numbers = |body: &str| find(&Said::by_object(&serde_json::from_str(body).expect("JSON"))).map(|(_, n)| n);
    for (body, used, limit) in [
        (r#"{"message":"prompt is too long: 210000 tokens > 200000 maximum"}"#, 210_000, 200_000),
        (
            r#"{"message":"This model's maximum context length is 10 tokens. However, you requested 12 tokens (7 in the messages, 5 in the completion)."}"#,
            12,
            10,
        ),
        (
            r#"{"message":"This model's maximum context length is 10 tokens. However, your request has 12 input tokens."}"#,
            12,
            10,
        ),
        (
            r#"[{"error":{"message":"The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."}}]"#,
            1_200_000,
            1_048_576,
        ),
        (
            r#"{"message":"Prompt contains 34000 tokens and 0 draft tokens, too large for model with 32768 maximum context length"}"#,
            34_000,
            32_768,
        ),
        (
            r#"{"message":"Request too large for model `m` on tokens per minute (TPM): Limit 6000, Requested 9000"}"#,
            9_000,
            6_000,
        ),
    ] {
        assert_eq!(numbers(body), Some(Numbers { used: Some(used), limit: Some(limit) }), "{body}");
    }
}

#[test]
fn a_header_that_names_the_error_counts_like_its_code() {
    let mut headers = HeaderMap::new();
    headers.insert("x-amzn-errortype", HeaderValue::from_static("ThrottlingException:http://internal.amazon.com/x/"));
    let said = Said::by_response(StatusCode::BAD_REQUEST, &headers, &Value::Null);
    assert_eq!(find(&said).map(|(fault, _)| format!("{fault:?}")).as_deref(), Some("RateLimited"));
}
