//! `/admin/upstreams`, and the form of one.

use domain::{
    UpstreamId,
    catalog::admin::{FIRST_OUTPUT, SILENCE, TimeLimit, UpstreamView, WHOLE},
    error::{AppError, FieldError, Noun},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::{
    api::{DeleteUpstream, EnableUpstream, SaveUpstream, TestUpstream, upstreams},
    form::{Field, Refusal, Tick, header_lines, parameter},
    report::{Report, TestScript},
};
use crate::ui::{
    Done, FormScript, Frame, Section, Typed, answered, guard_admin, here, loaded, posted_errors, textarea_text,
};

/// Presets for kinds of upstreams: word, name, base URL, and a note.
const PRESETS: [(&str, &str, &str, &str); 7] = [
    ("openai", "OpenAI", "https://api.openai.com/v1", "The key begins with sk-."),
    ("openrouter", "OpenRouter", "https://openrouter.ai/api/v1", "Hundreds of models: filter before importing."),
    ("litellm", "LiteLLM", "http://127.0.0.1:4000/v1", "The key is a virtual key or the proxy's master key."),
    ("ollama", "Ollama", "http://127.0.0.1:11434/v1", "Needs no key."),
    ("llamacpp", "llama.cpp", "http://127.0.0.1:8080/v1", "llama-server; a key only where it was started with one."),
    ("vllm", "vLLM", "http://127.0.0.1:8000/v1", "A key only where it was started with one."),
    (
        "anthropic",
        "Anthropic",
        "https://api.anthropic.com/v1",
        "Its OpenAI-compatible endpoint. To list models it may want the headers x-api-key and anthropic-version too.",
    ),
];

/// All upstreams.
#[component]
pub fn UpstreamsPage() -> impl IntoView {
    guard_admin(|_| {
        let refused = [posted_errors::<EnableUpstream>(), posted_errors::<DeleteUpstream>()].concat();
        view! {
            <Title text="Upstreams"/>
            <Frame section=Section::Upstreams>
                <div class="page-head">
                    <div>
                        <h1>"Upstreams"</h1>
                        <p class="lede">
                            "OpenAI-compatible servers that models are asked at. Keys are encrypted and never shown again."
                        </p>
                    </div>
                    <a class="go" href="/admin/upstreams/new">"Add an upstream"</a>
                </div>
                <Done/>
                <Refusal errors=refused fields=&[]/>
                {loaded(upstreams(), |all| if all.is_empty() { view! { <NoUpstream/> }.into_any() } else { table(all) })}
                <FormScript/>
            </Frame>
        }
        .into_any()
    })
}

#[component]
fn NoUpstream() -> impl IntoView {
    view! {
        <div class="sheet squared empty">
            <h2>"No upstream yet"</h2>
            <ol>
                <li>"Add one: a provider, LiteLLM, or a server of your own."</li>
                <li>"Import the models that it lists."</li>
                <li>"Test one before anybody relies on it."</li>
            </ol>
            <Presets/>
        </div>
    }
}

#[component]
fn Presets() -> impl IntoView {
    let link = |(word, name, ..): (&str, &'static str, &str, &str)| {
        view! { <li><a class="quiet small" href=format!("/admin/upstreams/new?preset={word}")>{name}</a></li> }
    };
    view! { <ul class="presets" aria-label="Usual upstreams">{PRESETS.into_iter().map(link).collect::<Vec<_>>()}</ul> }
}

fn table(all: Vec<UpstreamView>) -> AnyView {
    view! {
        <div class="sheet scroll" role="region" aria-label="Upstreams" tabindex="0">
            <table class="listing">
                <thead>
                    <tr>
                        <th scope="col">"Name"</th><th scope="col">"Base URL"</th><th scope="col">"Key"</th>
                        <th scope="col" class="number">"Models"</th><th scope="col">"State"</th>
                        <th scope="col"><span class="visually-hidden">"Actions"</span></th>
                    </tr>
                </thead>
                <tbody>{all.into_iter().map(row).collect::<Vec<_>>()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(upstream: UpstreamView) -> impl IntoView {
    let page = format!("/admin/upstreams/{}", upstream.id);
    let dialog = format!("delete-{}", upstream.id);
    let title = format!("title-{}", upstream.id);
    let (state, verb) = if upstream.is_enabled { ("Enabled", "Disable") } else { ("Disabled", "Enable") };
    let models = format!("/admin/models?upstream={}", parameter(&upstream.name));
    let kind = upstream.is_simulated.then_some("Simulated");
    view! {
        <tr data-off=(!upstream.is_enabled).then_some("")>
            <th scope="row"><a href=page.clone()>{upstream.name.clone()}</a></th>
            <td><code>{upstream.base_url}</code></td>
            <td>{if upstream.has_api_key { "stored" } else { "none" }}</td>
            <td class="number"><a href=models>{upstream.models}</a></td>
            <td>{state}{kind.map(|kind| view! { <span class="tag">{kind}</span> })}</td>
            <td class="actions">
                <a class="quiet small" href=format!("{page}/import")>"Import models"</a>
                <form method="post" action={here::<EnableUpstream>()}>
                    <input type="hidden" name="id" value=upstream.id.to_string()/>
                    <input type="hidden" name="is_enabled" value=(!upstream.is_enabled).to_string()/>
                    <button class="quiet small" type="submit">{verb}</button>
                </form>
                <button class="quiet small" type="button" command="show-modal" commandfor=dialog.clone()>"Delete"</button>
                <dialog id=dialog.clone() aria-labelledby=title.clone() closedby="any">
                    <h2 id=title.clone()>"Delete this upstream?"</h2>
                    <p>{upstream.name}" and its key are erased. While models use it, this is refused."</p>
                    <form method="post" action={here::<DeleteUpstream>()} class="dialog-actions">
                        <input type="hidden" name="id" value=upstream.id.to_string()/>
                        <button class="quiet" type="button" command="close" commandfor=dialog.clone()>"Keep it"</button>
                        <button class="danger" type="submit">"Delete"</button>
                    </form>
                </dialog>
            </td>
        </tr>
    }
}

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

/// The initial values of a new upstream's form: name, base URL and note of a preset.
fn first_values() -> (&'static str, &'static str, &'static str) {
    use_query_map().with_untracked(|query| {
        let preset = PRESETS.iter().find(|(word, ..)| query.get_str("preset") == Some(word));
        preset.map_or(("", "", ""), |(_, name, url, hint)| (*name, *url, *hint))
    })
}

fn form(upstream: Option<UpstreamView>) -> AnyView {
    let typed = Typed::of::<SaveUpstream>().or_of::<TestUpstream>();
    let errors: Vec<FieldError> =
        posted_errors::<SaveUpstream>().into_iter().chain(posted_errors::<TestUpstream>()).collect();
    let (first_name, first_url, hint) = first_values();
    let is_new = upstream.is_none();
    let id = upstream.as_ref().map(|upstream| upstream.id.to_string());
    let has_key = upstream.as_ref().is_some_and(|upstream| upstream.has_api_key);
    let key_hint = match (has_key, hint) {
        (true, _) => "A key is stored and never shown. Leave this empty to keep it.",
        (false, "") => "Sent as a bearer token. Leave it empty where none is needed.",
        (false, hint) => hint,
    };
    let stored = upstream.as_ref();
    let name = typed.text("name", stored.map_or(first_name, |upstream| upstream.name.as_str()));
    let base_url = typed.text("base_url", stored.map_or(first_url, |upstream| upstream.base_url.as_str()));
    // Header values are secrets and, like the key, not written back.
    let names: Vec<String> = match typed.is_there() {
        true => header_lines(&typed.text("headers", "")).into_keys().collect(),
        false => stored.map(|upstream| upstream.headers.clone()).unwrap_or_default(),
    };
    let headers = names.iter().map(|name| format!("{name}:")).collect::<Vec<_>>().join("\n");
    let is_enabled = typed.tick("is_enabled", stored.is_none_or(|upstream| upstream.is_enabled));
    let clears_key = typed.tick("clear_key", false);
    let seconds = |name: &str, limit: TimeLimit, ms: Option<u32>| {
        typed.text(name, (ms.unwrap_or(limit.default_ms) / 1_000).to_string())
    };
    let first_output = seconds("first_byte_s", FIRST_OUTPUT, stored.map(|upstream| upstream.first_byte_ms));
    let silence = seconds("idle_s", SILENCE, stored.map(|upstream| upstream.idle_ms));
    let whole = seconds("timeout_s", WHOLE, stored.map(|upstream| upstream.timeout_ms));
    let test_model = typed.text("test_model", "");
    let header_error = errors.iter().find(|error| error.field == "headers").map(|error| error.message.clone());
    let has_limit_error = errors.iter().any(|error| error.field.ends_with("_ms"));
    let is_open = !headers.is_empty() || header_error.is_some() || has_limit_error;
    let is_wrong = header_error.is_some().then_some("true");
    const FIELDS: &[&str] = &["name", "base_url", "api_key", "headers", "timeout_ms", "first_byte_ms", "idle_ms"];
    view! {
        <form class="sheet admin-form" method="post" action={here::<SaveUpstream>()} data-stay
            data-test-url="/api/admin/test-values">
            <Refusal errors=errors.clone() fields=FIELDS/>
            {id.map(|id| view! { <input type="hidden" name="id" value=id/> })}
            <Field name="name" label="Name" value=name errors=errors.clone() is_required=true/>
            <Field name="base_url" label="Base URL" value=base_url errors=errors.clone() is_required=true
                hint="With its path; usually it ends in /v1. Another scheme, host or port clears the stored key and headers."/>
            <Field name="api_key" label="API key" kind="password" errors=errors.clone() hint=key_hint/>
            {has_key.then(|| view! { <Tick name="clear_key" label="Forget the stored key" is_on=clears_key/> })}
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
            <Field name="test_model" label="Model for the test" value=test_model errors=Vec::new()
                hint="Not saved. Asked for an answer by the test below; without one the test ends with the list of models."/>
            <Tick name="is_enabled" label="Enabled" is_on=is_enabled hint="Disabling stops every call to its models at once."/>
            <div class="form-actions">
                <button class="go" type="submit">{if is_new { "Add" } else { "Save" }}</button>
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
