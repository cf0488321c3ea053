//! The template selection above the prompt.

use domain::templates::{NAME_CHARACTERS, Template, TemplateDraft};
use leptos::{nonce::use_nonce, prelude::*};

use super::built_in::built_in;
use crate::{host, ui::script_text};

/// The templates to choose from. Filling in the form takes a script, so the script shows this.
#[component]
pub fn TemplateBar(
    /// The member's own templates.
    own: Vec<Template>,
) -> impl IntoView {
    let there: Vec<TemplateDraft> = built_in();
    let count = there.len();
    let option = |(index, name): (usize, String)| view! { <option value=index.to_string()>{name}</option> };
    let names: Vec<_> = there.iter().map(|template| template.name.clone()).enumerate().map(option).collect();
    let own_names: Vec<_> =
        own.iter().enumerate().map(|(index, template)| option((count + index, template.draft.name.clone()))).collect();
    let built_in = serde_json::to_string(&there).unwrap_or_default();
    let own = serde_json::to_string(&own).unwrap_or_default();
    // The user whose unsent prompt the script keeps in this tab.
    let member = host::viewer().ok().map(|viewer| viewer.id.to_string());
    view! {
        <div class="template-bar" hidden data-built-in=built_in data-own=own data-member=member>
            <label for="template">"Template"</label>
            <select id="template">
                <option value="">"None"</option>
                <optgroup label="Always there">{names}</optgroup>
                <optgroup label="Yours" id="own-options">{own_names}</optgroup>
            </select>
            <button class="quiet small" type="button" data-undo="" hidden>"Undo"</button>
            <button class="quiet small" type="button" data-keep="">"Your templates"</button>
            <span class="hint" data-hint=""></span>
        </div>
    }
}

/// The dialog for saving, renaming and deleting templates, and the script. It must come after the form that it fills in.
#[component]
pub fn TemplateDialog() -> impl IntoView {
    view! {
        <dialog id="template-dialog" aria-labelledby="template-title">
            <h2 id="template-title">"Your templates"</h2>
            <form class="template-new">
                <label for="template-name">"Keep what is written, under the name"</label>
                <div class="share-link">
                    <input id="template-name" name="name" maxlength=NAME_CHARACTERS autocomplete="off" required/>
                    <button class="go" type="submit">"Keep"</button>
                </div>
            </form>
            <ul class="template-list" aria-label="Your templates"></ul>
            <p class="status" role="status"></p>
            <div class="dialog-actions">
                <button class="quiet" type="button" command="close" commandfor="template-dialog">"Close"</button>
            </div>
        </dialog>
        <script nonce=use_nonce()>{script_text!("templates.js")}</script>
    }
}
