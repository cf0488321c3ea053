//! Fetching a list, page by page, within bounds: a list that never ends stops with what it has.

use std::{collections::HashSet, time::Duration};

use serde::de::IgnoredAny;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{
    entry::ListedModel,
    page::{Next, Page},
};
use crate::{
    client::{UpstreamClient, read_body},
    error::UpstreamError,
    target::Target,
    wait::Deadlines,
};

/// Most models read from one list; the rest is dropped.
const MAX_MODELS: usize = 10_000;
/// Most pages: 10,000 models at twenty on each, which is what Anthropic sends.
const MAX_PAGES: usize = 500;
/// Most bytes of all pages together.
const MAX_BYTES: usize = 8 * 1024 * 1024;
/// How long a list may take, with all its pages.
const LIST_LIMIT: Duration = Duration::from_secs(30);
/// How to ask for what follows an entry: Anthropic's parameter, then OpenAI's where a server does not know that one.
const AFTER: [&str; 2] = ["after_id", "after"];

const TOO_MANY: &str = "it has more than 10,000 models";

/// The models that an upstream lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelList {
    /// In the upstream's order and without duplicates; at most 10,000.
    pub models: Vec<ListedModel>,
    /// How many entries had no usable name.
    pub left_out: usize,
    /// Why the list was not read to its end: a sentence for the admin. `None` where it was.
    pub cut: Option<String>,
}

impl UpstreamClient {
    /// Fetches the upstream's models (`GET /models`) with all its pages. What breaks off after the first page is no error: the
    /// list holds what has come, and says so.
    ///
    /// Cancel-safe.
    ///
    /// # Errors
    ///
    /// A failed call, or `bad_response` where the body is no list of models.
    pub async fn list_models(&self, target: &Target) -> Result<ModelList, UpstreamError> {
        let mut reading = Reading::new(self, target);
        let mut next = reading.page(reading.first.clone()).await?.1;
        while let Some(place) = next {
            match reading.follow(&place).await {
                Ok(following) => next = following,
                Err(why) => {
                    reading.cut(&why);
                    break;
                }
            }
        }
        Ok(reading.list)
    }
}

/// A list that is being read.
struct Reading<'a> {
    client: &'a UpstreamClient,
    target: &'a Target,
    deadlines: Deadlines,
    /// The address of the first page.
    first: Url,
    /// The address of the last page that was asked for.
    current: Url,
    /// Which parameter of [`AFTER`] the server knows.
    after: usize,
    pages: usize,
    bytes: usize,
    seen: HashSet<String>,
    list: ModelList,
}

impl<'a> Reading<'a> {
    fn new(client: &'a UpstreamClient, target: &'a Target) -> Self {
        let first = target.base_url.endpoint("/models");
        Self {
            client,
            target,
            deadlines: Deadlines::start_whole(target.timeouts.capped(LIST_LIMIT), CancellationToken::new()),
            current: first.clone(),
            first,
            after: 0,
            pages: 0,
            bytes: 0,
            seen: HashSet::new(),
            list: ModelList::default(),
        }
    }

    /// Reads the page after the one that named this place, and returns where the next one is.
    ///
    /// # Errors
    ///
    /// Why the list ends here although it goes on, as part of a sentence.
    async fn follow(&mut self, place: &Next) -> Result<Option<Next>, String> {
        loop {
            if self.list.models.len() >= MAX_MODELS {
                return Err(TOO_MANY.into());
            }
            if self.pages >= MAX_PAGES {
                return Err(format!("it still went on after {MAX_PAGES} pages"));
            }
            let url = self.address(place)?;
            let (entries, next) = self.page(url).await.map_err(|error| self.why(&error))?;
            // A server that does not know the parameter sends the same page for ever.
            let is_new = entries > 0 && next.as_ref() != Some(place);
            if is_new || next.is_none() {
                return Ok(next);
            }
            if self.after + 1 == AFTER.len() || self.pages > 2 || !matches!(place, Next::After(_)) {
                return Err("its pages repeat each other".into());
            }
            self.after += 1;
        }
    }

    fn address(&self, place: &Next) -> Result<Url, String> {
        let with = |name: &str, value: &str| {
            let mut url = self.first.clone();
            url.query_pairs_mut().append_pair(name, value);
            url
        };
        match place {
            Next::After(id) => Ok(with(AFTER[self.after], id)),
            Next::Parameter(name, value) => Ok(with(name, value)),
            Next::Link(link) => self.linked(link),
            Next::Unknown => Err("the upstream says that there is more, but not where".into()),
        }
    }

    /// The key goes to no other server than the one that it was entered for.
    fn linked(&self, link: &str) -> Result<Url, String> {
        let url = self.current.join(link).map_err(|_| "the address of the next page makes no sense".to_owned())?;
        let is_here = url.origin() == self.first.origin() && url.username().is_empty() && url.password().is_none();
        is_here.then_some(url).ok_or_else(|| "it goes on at another server, which this site does not ask".into())
    }

    /// Reads one page into the list, and returns how many entries it had and where the next one is.
    async fn page(&mut self, url: Url) -> Result<(usize, Option<Next>), UpstreamError> {
        self.current = url.clone();
        self.pages += 1;
        let mut answer = self.client.get(self.target, url, &self.deadlines).await?;
        let headers = std::mem::take(answer.headers_mut());
        let body = read_body(answer, MAX_BYTES - self.bytes, &self.deadlines).await.map_err(|(error, _)| error)?;
        self.bytes += body.len();
        let page = Page::read(&body, &headers).ok_or_else(|| match serde_json::from_slice::<IgnoredAny>(&body) {
            Ok(_) => UpstreamError::bad_response("JSON that is no list of models"),
            Err(_) => UpstreamError::bad_response("something that is not JSON"),
        })?;
        let entries = page.models.len() + page.left_out;
        self.list.left_out += page.left_out;
        for model in page.models {
            if self.list.models.len() >= MAX_MODELS {
                self.cut(TOO_MANY);
                break;
            }
            if self.seen.insert(model.id.clone()) {
                self.list.models.push(model);
            }
        }
        Ok((entries, page.next))
    }

    fn cut(&mut self, why: &str) {
        self.list.cut = Some(format!("The list was not read to its end: {why}."));
    }

    /// Why the page could not be read, as part of a sentence.
    fn why(&self, error: &UpstreamError) -> String {
        match error.code {
            "too_large" => format!("it is larger than {} MiB", MAX_BYTES / 1024 / 1024),
            "timeout_total" => format!("it took too long, on page {}", self.pages),
            _ => {
                let status = error.status.map(|status| format!(", HTTP {status}")).unwrap_or_default();
                format!("page {} could not be read ({}{status})", self.pages, error.code)
            }
        }
    }
}
