//! `/admin/audit`: the audit log.

use domain::audit::{AuditEntry, AuditPage as AuditEntries};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use serde_json::Value;

use super::api::audit_log;
use crate::ui::{Frame, Section, guard_admin, loaded, time};

/// The log, newest first.
#[component]
pub fn AuditPage() -> impl IntoView {
    guard_admin(|_| {
        let before = use_query_map().with_untracked(|query| query.get_str("before").and_then(|id| id.parse().ok()));
        view! {
            <Title text="Audit log"/>
            <Frame section=Section::Audit>
                <div class="page-head">
                    <div>
                        <h1>"Audit log"</h1>
                        <p class="lede">"Every change an admin has made, newest first. It can be read only, and holds no secret."</p>
                    </div>
                </div>
                {loaded(audit_log(before), log)}
            </Frame>
        }
        .into_any()
    })
}

fn log(page: AuditEntries) -> AnyView {
    if page.entries.is_empty() {
        return view! { <p class="sheet empty">"Nothing has been changed yet."</p> }.into_any();
    }
    view! {
        <div class="sheet scroll" role="region" aria-label="Changes" tabindex="0">
            <table class="listing">
                <thead>
                    <tr>
                        <th scope="col">"When"</th><th scope="col">"Who"</th><th scope="col">"What"</th>
                        <th scope="col">"Of what"</th><th scope="col">"How"</th>
                    </tr>
                </thead>
                <tbody>{page.entries.into_iter().map(row).collect::<Vec<_>>()}</tbody>
            </table>
        </div>
        {page.next.map(|next| view! {
            <p><a class="quiet" href=format!("/admin/audit?before={next}")>"Older changes"</a></p>
        })}
    }
    .into_any()
}

fn row(entry: AuditEntry) -> impl IntoView {
    view! {
        <tr>
            <td><time datetime=time::machine(entry.occurred_at)>{time::date_time(entry.occurred_at)}</time></td>
            <td>{entry.actor}</td>
            <td class="word"><code>{entry.action}</code></td>
            <th scope="row">{entry.subject}</th>
            <td class="hint">{summary(&entry.detail)}</td>
        </tr>
    }
}

/// The object of a change, on one line.
fn summary(detail: &Value) -> String {
    let fields = detail.as_object().into_iter().flatten();
    let words = fields.map(|(name, value)| match value {
        Value::String(text) => format!("{name}: {text}"),
        Value::Null => format!("{name}: unknown"),
        value => format!("{name}: {value}"),
    });
    words.collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_is_told_in_one_line() {
        let detail = json!({"api_key": "set", "family": null, "is_enabled": false});
        assert_eq!(summary(&detail), "api_key: set · family: unknown · is_enabled: false");
        assert_eq!(summary(&json!({})), "");
    }
}
