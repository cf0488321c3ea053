//! Sends requests and keeps what came back, by group of routes.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::{Method, RequestBuilder};
use serde_json::{Map, Value, json};

use super::redact::redacted;
use crate::support::app::{Member, TestApp, read};

/// Fails unless the value is as in `snapshots/NAME.snap`.
pub(super) fn assert_snapshot(name: &str, value: &Value) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_sort_maps(true);
    settings.bind(|| insta::assert_json_snapshot!(name, value));
}

/// The answers of a server, by group and route.
pub(super) struct Recorder<'a> {
    pub(super) app: &'a TestApp,
    groups: BTreeMap<String, Map<String, Value>>,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(app: &'a TestApp) -> Self {
        Self { app, groups: BTreeMap::new() }
    }

    /// Asks as a member, without a body, and returns the answer's body. `route` is a method and a path as in `routes.txt`, whose
    /// parameters are filled in.
    pub(super) async fn ask(&mut self, member: &Member<'_>, route: &str, parameters: &[(&str, &str)]) -> Value {
        let (method, path) = filled(route, parameters);
        self.keep(route, member.request(method, &path)).await
    }

    /// The same with a JSON body.
    pub(super) async fn send(
        &mut self,
        member: &Member<'_>,
        route: &str,
        parameters: &[(&str, &str)],
        body: Value,
    ) -> Value {
        let (method, path) = filled(route, parameters);
        self.keep(route, member.request(method, &path).json(&body)).await
    }

    /// The same without a sign-in; the caller completes the request and hands it to [`Recorder::keep`].
    pub(super) fn request(&self, route: &str, parameters: &[(&str, &str)]) -> RequestBuilder {
        let (method, path) = filled(route, parameters);
        self.app.request(method, &path)
    }

    /// Sends a request and keeps its answer as that of the route. The first answer of a route stays.
    pub(super) async fn keep(&mut self, route: &str, request: RequestBuilder) -> Value {
        let (status, body) = read(request.send().await.unwrap()).await;
        assert!(status.is_success(), "{route}: {status} {body}");
        let group = route.split('/').skip(1).take(if route.contains("/admin/") { 3 } else { 2 });
        let group = group.collect::<Vec<_>>().join("_");
        let answer = json!({"status": status.as_u16(), "body": redacted(body.clone())});
        self.groups.entry(group).or_default().entry(route).or_insert(answer);
        body
    }

    /// Every route that was asked.
    pub(super) fn routes(&self) -> BTreeSet<String> {
        self.groups.values().flat_map(Map::keys).cloned().collect()
    }

    /// One snapshot for each group.
    pub(super) fn assert_snapshots(self) {
        for (group, answers) in self.groups {
            assert_snapshot(&group, &Value::Object(answers));
        }
    }
}

fn filled(route: &str, parameters: &[(&str, &str)]) -> (Method, String) {
    let (method, path) = route.split_once(' ').unwrap();
    let fill = |path: String, (name, value): &(&str, &str)| path.replace(&format!("{{{name}}}"), value);
    let path = parameters.iter().fold(path.to_owned(), fill);
    assert!(!path.contains('{'), "{path} is not filled in");
    (method.parse().unwrap(), path)
}
