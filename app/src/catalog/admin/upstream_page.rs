//! `/admin/upstreams/new` and `/admin/upstreams/{id}`: the form of one upstream.

use domain::{
    UpstreamId,
    catalog::admin::{FIRST_OUTPUT, SILENCE, TimeLimit, UpstreamView, WHOLE},
    error::{AppError, FieldError, Noun},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use super::{
    api::{SaveUpstream, TestUpstream, upstreams},
    form::{Field, Refusal, Tick, header_lines},
    report::{Report, TestScript},
    upstream_presets::{Presets, first_values},
};
use crate::ui::{
    Done, FormScript, Frame, Section, Typed, answered, guard_admin, here, loaded, posted_errors, textarea_text,
};

/// The form of a new upstream.
#[component]
pub fn NewUpstreamPage() -> impl IntoView {
    guard_admin(|_| {
        view! {
            <Title text="New upstream"/>
            <Frame section=Section::Upstreams>
                <h1>"New upstream"</h1>
                <Presets/>
                {form(None)}
            </Frame>
        }
        .into_any()
    })
}

/// The form of an existing upstream.
#[component]
pub fn UpstreamPage() -> impl IntoView {
    guard_admin(|_| {
        let id =
            use_params_map().with_untracked(|params| params.get_str("id").and_then(|id| id.parse::<UpstreamId>().ok()));
        let all = upstreams();
        let found = async move {
            let found = all.await?.into_iter().find(|upstream| Some(upstream.id) == id);
            found.ok_or(AppError::NotFound(Noun::Upstream))
        };
        view! {
            <Title text="Upstream"/>
            <Frame section=Section::Upstreams>
                {loaded(found, |upstream| {
                    let import = format!("/admin/upstreams/{}/import", upstream.id);
                    view! {
                        <div class="page-head">
                            <h1>{upstream.name.clone()}</h1>
                            <a class="go" href=import>"Import models"</a>
                        </div>
                        <Done/>
                        {form(Some(upstream))}
                    }
                    .into_any()
                })}
            </Frame>
        }
        .into_any()
    })
}

/// The values that the form shows: what was typed if it has just been posted, what is stored otherwise, a preset's for a
/// new upstream. The key and the values of headers are secrets and not written back.
struct Values {
    name: String,
    base_url: String,
    clears_key: bool,
    headers: String,
    first_output: String,
    silence: String,
    whole: String,
    test_model: String,
    is_enabled: bool,
}

impl Values {
    fn read(stored: Option<&UpstreamView>) -> Self {
        let typed = Typed::of::<SaveUpstream>().or_of::<TestUpstream>();
        let (first_name, first_url, _) = first_values();
        let names: Vec<String> = match typed.is_there() {
            true => header_lines(&typed.text("headers", "")).into_keys().collect(),
            false => stored.map(|upstream| upstream.headers.clone()).unwrap_or_default(),
        };
        let seconds = |name: &str, limit: TimeLimit, ms: Option<u32>| {
            typed.text(name, (ms.unwrap_or(limit.default_ms) / 1_000).to_string())
        };
        Self {
            name: typed.text("name", stored.map_or(first_name, |upstream| upstream.name.as_str())),
            base_url: typed.text("base_url", stored.map_or(first_url, |upstream| upstream.base_url.as_str())),
            clears_key: typed.tick("clear_key", false),
            headers: names.iter().map(|name| format!("{name}:")).collect::<Vec<_>>().join("\n"),
            first_output: seconds("first_byte_s", FIRST_OUTPUT, stored.map(|upstream| upstream.first_byte_ms)),
            silence: seconds("idle_s", SILENCE, stored.map(|upstream| upstream.idle_ms)),
            whole: seconds("timeout_s", WHOLE, stored.map(|upstream| upstream.timeout_ms)),
            test_model: typed.text("test_model", ""),
            is_enabled: typed.tick("is_enabled", stored.is_none_or(|upstream| upstream.is_enabled)),
        }
    }
}

/// The fields that show their own errors.
const FIELDS: &[&str] = &["name", "base_url", "api_key", "headers", "timeout_ms", "first_byte_ms", "idle_ms"];

fn form(upstream: Option<UpstreamView>) -> AnyView {
    let errors = [posted_errors::<SaveUpstream>(), posted_errors::<TestUpstream>()].concat();
    let values = Values::read(upstream.as_ref());
    let verb = if upstream.is_none() { "Add" } else { "Save" };
    let has_key = upstream.as_ref().is_some_and(|upstream| upstream.has_api_key);
    let key_hint = match (has_key, first_values().2) {
        (true, _) => "A key is stored and never shown. Leave this empty to keep it.",
        (false, "") => "Sent as a bearer token. Leave it empty where none is needed.",
        (false, hint) => hint,
    };
    view! {
        <form class="sheet admin-form" method="post" action={here::<SaveUpstream>()} data-stay
            data-test-url="/api/admin/test-values">
            <Refusal errors=errors.clone() fields=FIELDS/>
            {upstream.map(|upstream| view! { <input type="hidden" name="id" value=upstream.id.to_string()/> })}
            <Field name="name" label="Name" value=values.name errors=errors.clone() is_required=true/>
            <Field name="base_url" label="Base URL" value=values.base_url errors=errors.clone() is_required=true
                hint="With its path; usually it ends in /v1. Another scheme, host or port clears the stored key and headers."/>
            <Field name="api_key" label="API key" kind="password" errors=errors.clone() hint=key_hint/>
            {has_key.then(|| view! { <Tick name="clear_key" label="Forget the stored key" is_on=values.clears_key/> })}
            {headers_and_limits(values.headers, [values.first_output, values.silence, values.whole], errors)}
            <Field name="test_model" label="Model for the test" value=values.test_model errors=Vec::new()
                hint="Not saved. Asked for an answer by the test below; without one the test ends with the list of models."/>
            <Tick name="is_enabled" label="Enabled" is_on=values.is_enabled
                hint="Disabling stops every call to its models at once."/>
            <div class="form-actions">
                <button class="go" type="submit">{verb}</button>
                <button class="quiet" type="submit" formaction={here::<TestUpstream>()} data-test>"Test these values"</button>
                <a class="quiet" href="/admin/upstreams">"Back"</a>
            </div>
        </form>
        <p class="hint">
            "A private or loopback address is called only where the operator has listed its host:port in "
            <code>"QUADRILLE_ALLOW_PRIVATE_UPSTREAMS"</code>"."
        </p>
        <Report report={answered::<TestUpstream>()}/>
        <FormScript/>
        <TestScript/>
    }
    .into_any()
}

/// The custom headers and the time limits, folded away while the upstream has no header and none of the fields is wrong.
fn headers_and_limits(headers: String, limits: [String; 3], errors: Vec<FieldError>) -> AnyView {
    let [first_output, silence, whole] = limits;
    let header_error = errors.iter().find(|error| error.field == "headers").map(|error| error.message.clone());
    let has_limit_error = errors.iter().any(|error| error.field.ends_with("_ms"));
    let is_open = !headers.is_empty() || header_error.is_some() || has_limit_error;
    let is_wrong = header_error.is_some().then_some("true");
    view! {
        <details class="wide" open=is_open>
            <summary>"Headers and time limits"</summary>
            <div class="field">
                <label for="headers">"Custom headers"</label>
                <textarea id="headers" name="headers" rows="3" spellcheck="false" aria-describedby="headers-hint headers-error"
                    aria-invalid=is_wrong>{textarea_text(&headers)}</textarea>
                <p class="hint" id="headers-hint">
                    "One a line, as " <code>"Name: value"</code> ". Values are kept like keys; " <code>"Name:"</code>
                    " alone keeps the stored value."
                </p>
                <p class="field-error" id="headers-error" data-error="headers">{header_error}</p>
            </div>
            <p class="hint">
                "Time limits in seconds, 1 to 3,600. A stream may take as long as it likes while it moves."
            </p>
            <div class="columns">
                <Field name="first_byte_s" rule=FIRST_OUTPUT.field label=FIRST_OUTPUT.label value=first_output
                    errors=errors.clone() hint="Until the answer or its reasoning begins. Large models think for minutes."/>
                <Field name="idle_s" rule=SILENCE.field label=SILENCE.label value=silence errors=errors.clone()
                    hint="Without a single byte after that, also without a keep-alive."/>
                <Field name="timeout_s" rule=WHOLE.field label=WHOLE.label value=whole errors=errors
                    hint="Such an answer comes all at once, when the model has written the last word."/>
            </div>
        </details>
    }
    .into_any()
}
