//! Content negotiation.

use axum::http::{HeaderMap, header::ACCEPT};

/// Whether `Accept` names `text/event-stream`; otherwise, also without the header, the response is JSON.
pub fn accepts_events(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|media| media.trim().starts_with("text/event-stream"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_explicit_wish_is_answered_with_events() {
        let accepts =
            |value: &'static str| accepts_events(&HeaderMap::from_iter([(ACCEPT, value.parse().expect("value"))]));
        assert!(accepts("text/event-stream"));
        assert!(accepts("application/json, text/event-stream;q=0.9"));
        assert!(!accepts("*/*"));
        assert!(!accepts("application/json"));
        assert!(!accepts_events(&HeaderMap::new()));
    }
}
