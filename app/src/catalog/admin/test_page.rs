//! `/admin/models/{slug}/test`: a direct request to a model's upstream.

use domain::{
    catalog::admin::ModelView,
    error::{AppError, Noun},
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use super::{
    api::{TestModel, all_models},
    form::{Field, Refusal},
    models_page::last_test,
    report::{Report, TestScript},
};
use crate::ui::{FormScript, Frame, Section, Typed, answered, guard_admin, here, loaded, posted_errors, textarea_text};

/// The direct test of one model.
#[component]
pub fn TestPage() -> impl IntoView {
    guard_admin(|_| {
        let slug = use_params_map().with_untracked(|params| params.get_str("slug").map(str::to_owned));
        let models = all_models();
        let found = async move {
            let model = models.await?.into_iter().find(|model| Some(&model.slug) == slug.as_ref());
            model.ok_or(AppError::NotFound(Noun::Model))
        };
        view! {
            <Title text="Direct test"/>
            <Frame section=Section::Models>{loaded(found, page)}</Frame>
        }
        .into_any()
    })
}

fn page(model: ModelView) -> AnyView {
    let (errors, typed) = (posted_errors::<TestModel>(), Typed::of::<TestModel>());
    let system = typed.text("system", "");
    let message = typed.text("message", "Say hello in one short sentence.");
    let (temperature, max_tokens) = (typed.text("temperature", ""), typed.text("max_tokens", ""));
    let url = format!("/api/admin/models/{}/test", model.slug);
    let tested = model.last_test.clone();
    view! {
        <div class="page-head">
            <div>
                <h1>"Test " {model.public_name.clone()}</h1>
                <p class="lede">
                    "As " <code>{model.upstream_model}</code> " at " {model.upstream} "."
                    {tested.map(|test| view! { " Last test: " {last_test(test)} })}
                </p>
            </div>
            <a class="quiet" href=format!("/admin/models/{}", model.slug)>"Edit the model"</a>
        </div>
        <p class="note" role="note">
            "This goes straight from this server to the upstream. It skips the gateway: no usage event, no budget, no rate \
             limit, no routing, and nothing of what is asked or answered is stored or logged. "
            <b>"The provider bills it all the same."</b>
        </p>
        <form class="sheet admin-form" method="post" action={here::<TestModel>()} data-stay data-test-url=url>
            <Refusal errors=errors.clone() fields=&["temperature", "max_tokens"]/>
            <input type="hidden" name="model" value=model.slug/>
            <div class="field">
                <label for="system">"System"</label>
                <textarea id="system" name="system" rows="2" placeholder="Not sent while empty">{textarea_text(&system)}</textarea>
            </div>
            <div class="field">
                <label for="message">"Message"</label>
                <textarea id="message" name="message" rows="3">{textarea_text(&message)}</textarea>
            </div>
            <div class="columns">
                <Field name="temperature" label="Temperature" value=temperature errors=errors.clone() hint="0 to 2; not sent while empty."/>
                <Field name="max_tokens" label="Max tokens" value=max_tokens errors=errors hint="Not sent while empty."/>
                <div class="field" data-script-only hidden=true>
                    <label for="image">"Image"</label>
                    <input id="image" type="file" accept="image/png,image/jpeg,image/gif,image/webp" aria-describedby="image-hint"/>
                    <p class="hint" id="image-hint">"For models that take one; at most 5 MB."</p>
                </div>
            </div>
            <div class="form-actions">
                <button class="go" type="submit" data-test>"Run the test"</button>
                <a class="quiet" href="/admin/models">"Back"</a>
            </div>
        </form>
        <Report report={answered::<TestModel>()}/>
        <FormScript/>
        <TestScript/>
    }
    .into_any()
}
