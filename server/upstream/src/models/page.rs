//! One page of a list: its entries, and where the next one is.

use std::{borrow::Cow, collections::HashMap};

use http::{HeaderMap, header::LINK};
use serde_json::value::RawValue;

use super::entry::ListedModel;

/// Most bytes of a cursor; servers write a name or a token.
const LONGEST_CURSOR: usize = 4096;

/// What one answer holds.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub models: Vec<ListedModel>,
    /// Entries without a usable name.
    pub left_out: usize,
    pub next: Option<Next>,
}

/// Where the next page is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// After the entry of this name.
    After(String),
    /// At the same address with this parameter.
    Parameter(&'static str, String),
    /// At this address, absolute or relative.
    Link(String),
    /// There is more, but nothing says where.
    Unknown,
}

type Object<'a> = HashMap<Cow<'a, str>, &'a RawValue>;

impl Page {
    /// Reads an answer; `None` where it is no list of models. The list is in `data`, in `models` where that is empty, or bare.
    /// Only the entries are parsed as far as they are needed, so that neither a large description nor one broken entry matters.
    pub(super) fn read(body: &[u8], headers: &HeaderMap) -> Option<Self> {
        let text = String::from_utf8_lossy(body);
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.starts_with('[') {
            let mut page = Self::of_entries(serde_json::from_str(text).ok()?);
            page.next = link_header(headers);
            return Some(page);
        }
        let object: Object<'_> = serde_json::from_str(text).ok()?;
        let lists = ["data", "models"].iter().filter_map(|name| serde_json::from_str(object.get(*name)?.get()).ok());
        let mut pages: Vec<Self> = lists.map(Self::of_entries).collect();
        let fullest = pages.iter().position(|page| !page.models.is_empty()).unwrap_or_default();
        let mut page = (fullest < pages.len()).then(|| pages.swap_remove(fullest))?;
        page.next = next(&object, &page.models).or_else(|| link_header(headers));
        Some(page)
    }

    fn of_entries(entries: Vec<&RawValue>) -> Self {
        let count = entries.len();
        let models: Vec<ListedModel> = entries.into_iter().filter_map(ListedModel::read).collect();
        Self { left_out: count - models.len(), models, next: None }
    }
}

fn next(object: &Object<'_>, models: &[ListedModel]) -> Option<Next> {
    let text = |name: &str| {
        let text: String = serde_json::from_str(object.get(name)?.get()).ok()?;
        Some(text).filter(|text| !text.trim().is_empty() && text.len() <= LONGEST_CURSOR)
    };
    // Gemini has the first of these.
    for (field, parameter) in
        [("nextPageToken", "pageToken"), ("next_page_token", "page_token"), ("next_cursor", "cursor")]
    {
        if let Some(token) = text(field) {
            return Some(Next::Parameter(parameter, token));
        }
    }
    // Anthropic and OpenAI.
    if object.get("has_more").is_some_and(|value| value.get() == "true") {
        let last = text("last_id").or_else(|| Some(models.last()?.id.clone()));
        return Some(last.map_or(Next::Unknown, Next::After));
    }
    let links: Option<Object<'_>> = object.get("links").and_then(|links| serde_json::from_str(links.get()).ok());
    let nested = links.and_then(|links| serde_json::from_str::<String>(links.get("next")?.get()).ok());
    let link = ["next", "nextLink", "next_url"].iter().find_map(|name| text(name)).or(nested);
    link.filter(|link| link.contains("://") || link.starts_with(['/', '?'])).map(Next::Link)
}

/// `Link: <https://…>; rel="next"`
fn link_header(headers: &HeaderMap) -> Option<Next> {
    let values = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).find_map(|link| {
        let (address, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        let is_next = parameters.split(';').any(|parameter| {
            parameter.trim().strip_prefix("rel=").is_some_and(|rel| rel.trim_matches('"').eq_ignore_ascii_case("next"))
        });
        is_next.then(|| Next::Link(address.to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use serde_json::{Value, json};

    use super::*;

    fn read(body: &Value) -> Option<Page> {
        Page::read(body.to_string().as_bytes(), &HeaderMap::new())
    }

    fn ids(body: &Value) -> Option<Vec<String>> {
        Some(read(body)?.models.into_iter().map(|model| model.id).collect())
    }

    #[test]
    fn a_list_is_read_in_every_shape_in_use() {
        let expected = Some(vec!["a".to_owned(), "b".to_owned()]);
        for list in [
            json!({"object": "list", "data": [{"id": "a"}, {"id": "b"}]}),
            json!([{"id": "a"}, {"id": "b"}]),
            json!(["a", "b"]),
            json!({"models": [{"name": "a"}, "b"]}),
            json!({"data": [], "models": [{"name": "a"}, {"name": "b"}]}),
            json!({"data": null, "models": [{"model": "a"}, {"model": "b"}]}),
            json!({"data": [null, {"id": 7}], "models": [{"name": "a"}, {"name": "b"}]}),
            json!({"data": [{"id": "a"}, {"id": "b"}], "models": [{"name": "c"}]}),
        ] {
            assert_eq!(ids(&list), expected, "{list}");
        }
        assert_eq!(ids(&json!({"data": []})), Some(vec![]));
        assert_eq!(ids(&json!([])), Some(vec![]));
        for none in
            [json!({"error": "no"}), json!({"data": "a"}), json!("a"), json!(null), json!({"data": {"id": "a"}})]
        {
            assert_eq!(ids(&none), None, "{none}");
        }
        for broken in ["", "<html>", "{\"data\":[{\"id\":\"a\"}", "[1"] {
            assert!(Page::read(broken.as_bytes(), &HeaderMap::new()).is_none(), "{broken}");
        }
        let marked = Page::read("\u{feff} [\"a\"] ".as_bytes(), &HeaderMap::new()).expect("a list");
        assert_eq!(marked.models.len(), 1);
    }

    #[test]
    fn one_broken_entry_costs_only_itself() {
        let mut body = br#"{"data":[{"id":"a"},{"id":"\ud83d"},{"id":""#.to_vec();
        body.extend_from_slice(b"\xff\xfe\"},null,{\"id\":\"b\"}]}");
        let page = Page::read(&body, &HeaderMap::new()).expect("a list");
        assert_eq!((page.models.len(), page.left_out), (2, 3));
    }

    #[test]
    fn the_next_page_is_found_in_every_way_that_servers_name_it() {
        let next = |rest: Value| {
            let mut body = json!({"data": [{"id": "a"}, {"id": "b"}]});
            body.as_object_mut().expect("an object").extend(rest.as_object().expect("an object").clone());
            read(&body).expect("a list").next
        };
        assert_eq!(next(json!({"has_more": true, "last_id": "b"})), Some(Next::After("b".into())));
        assert_eq!(next(json!({"has_more": true})), Some(Next::After("b".into())));
        assert_eq!(next(json!({"nextPageToken": "t"})), Some(Next::Parameter("pageToken", "t".into())));
        assert_eq!(next(json!({"next": "/v1/models?page=2"})), Some(Next::Link("/v1/models?page=2".into())));
        assert_eq!(next(json!({"links": {"next": "?page=2"}})), Some(Next::Link("?page=2".into())));
        for end in [
            json!({}),
            json!({"has_more": false, "last_id": "b"}),
            json!({"has_more": null}),
            json!({"has_more": "true"}),
            json!({"nextPageToken": ""}),
            json!({"next": null}),
            json!({"next": 2}),
            json!({"links": []}),
        ] {
            assert_eq!(next(end.clone()), None, "{end}");
        }
        assert_eq!(read(&json!({"data": [], "has_more": true})).and_then(|page| page.next), Some(Next::Unknown));
        let mut headers = HeaderMap::new();
        headers
            .insert(LINK, HeaderValue::from_static("<https://a/1>; rel=\"prev\", </v1/models?page=2>; rel=\"next\""));
        let next = Page::read(b"[\"a\"]", &headers).and_then(|page| page.next);
        assert_eq!(next, Some(Next::Link("/v1/models?page=2".into())));
    }
}
