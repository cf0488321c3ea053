//! `/admin/catalog`: the catalogue as a file, and prices from LiteLLM's public file.

use domain::{
    Usd,
    catalog::admin::{CatalogDiff, DiffLine, PriceProposal},
    format::{self, UNKNOWN},
};
use leptos::{nonce::use_nonce, prelude::*};
use leptos_meta::Title;

use super::{
    file_api::{ApplyCatalog, ApplyPrices, PreviewCatalog, ProposePrices},
    form::Refusal,
};
use crate::ui::{
    FormScript, Frame, Section, Typed, answered, guard_admin, here, posted_errors, script_text, textarea_text,
};

/// Export, import, prices.
#[component]
pub fn CatalogPage() -> impl IntoView {
    guard_admin(|_| {
        let diff = answered::<PreviewCatalog>();
        let file = Typed::of::<PreviewCatalog>().or_of::<ApplyCatalog>().text("file", "");
        let proposed = answered::<ProposePrices>();
        view! {
            <Title text="Catalogue"/>
            <Frame section=Section::Models>
                <div class="page-head">
                    <div>
                        <h1>"Catalogue as a file, prices"</h1>
                        <p class="lede">
                            "Upstreams and models as one TOML file, without keys, so that they can live in a repository. "
                            <code>"quadrille catalog"</code> " does the same."
                        </p>
                    </div>
                    <a class="quiet" href="/admin/models">"Back"</a>
                </div>
                {diff.map(|diff| difference(file.clone(), diff))}
                {proposed.map(price_table)}
                <ExportImport file/>
                <Prices/>
                <FormScript/>
                <script nonce=use_nonce()>{script_text!("files.js")}</script>
            </Frame>
        }
        .into_any()
    })
}

#[component]
fn ExportImport(file: String) -> impl IntoView {
    let errors = [posted_errors::<PreviewCatalog>(), posted_errors::<ApplyCatalog>()].concat();
    view! {
        <section class="sheet admin-form">
            <h2>"Catalogue file"</h2>
            <p class="form-actions"><a class="go" href="/api/admin/catalog" download="quadrille-catalog.toml">"Export"</a></p>
            <form method="post" action={here::<PreviewCatalog>()}>
                <Refusal errors fields=&[]/>
                <div class="field">
                    <label for="file">"Import"</label>
                    <textarea id="file" name="file" rows="6" spellcheck="false" class="code" placeholder="[[upstreams]] …"
                        aria-describedby="file-hint">{textarea_text(&file)}</textarea>
                    <p class="hint" id="file-hint">
                        "What is in the file is made or changed; what is not stays. You see the difference before anything happens."
                    </p>
                </div>
                <div class="field" data-script-only hidden=true>
                    <label for="chosen-file">"From a file"</label>
                    <input id="chosen-file" type="file" accept=".toml,application/toml,text/plain" data-into="file"/>
                </div>
                <div class="form-actions"><button class="quiet" type="submit">"Show the difference"</button></div>
            </form>
        </section>
    }
}

#[component]
fn Prices() -> impl IntoView {
    // A price file that was read is replaced by its proposals.
    let is_refused = !posted_errors::<ProposePrices>().is_empty();
    let prices = if is_refused { Typed::of::<ProposePrices>().text("prices", "") } else { String::new() };
    view! {
        <section class="sheet admin-form">
            <h2>"Prices and context windows"</h2>
            <p>
                "Give LiteLLM's public price file, " <code>"model_prices_and_context_window.json"</code>
                ": what it says of models here is proposed, with its source, and nothing is changed before you have looked at it."
            </p>
            <form method="post" action={here::<ProposePrices>()}>
                <Refusal errors={[posted_errors::<ProposePrices>(), posted_errors::<ApplyPrices>()].concat()} fields=&[]/>
                <div class="field">
                    <label for="prices">"Price file"</label>
                    <textarea id="prices" name="prices" rows="3" spellcheck="false" class="code" placeholder="{ … }"
                        aria-describedby="prices-hint">{textarea_text(&prices)}</textarea>
                    <p class="hint" id="prices-hint"><code>"quadrille catalog prices FILE"</code>" shows the same on the command line."</p>
                </div>
                <div class="field" data-script-only hidden=true>
                    <label for="price-file">"From a file"</label>
                    <input id="price-file" type="file" accept=".json,application/json" data-into="prices"/>
                </div>
                <div class="form-actions"><button class="quiet" type="submit">"Show what it proposes"</button></div>
            </form>
        </section>
    }
}

fn difference(file: String, diff: CatalogDiff) -> AnyView {
    let is_empty = diff.lines.is_empty();
    let summary = match diff.lines.len() {
        0 => "The catalogue is as the file says. Nothing would change.".to_owned(),
        1 => format!("One thing would change; {} entries are as they are.", diff.unchanged),
        n => format!("{n} things would change; {} entries are as they are.", diff.unchanged),
    };
    view! {
        <section class="sheet admin-form" aria-labelledby="difference">
            <h2 id="difference">"The difference"</h2>
            <p role="status">{summary}</p>
            <ul class="diff">{diff.lines.into_iter().map(line).collect::<Vec<_>>()}</ul>
            <form method="post" action={here::<ApplyCatalog>()} data-stay>
                <Refusal errors=Vec::new() fields=&[]/>
                <input type="hidden" name="file" value=file/>
                <div class="form-actions">
                    <button class="go" type="submit" disabled=is_empty>"Apply"</button>
                    <a class="quiet" href="/admin/catalog">"Leave it"</a>
                </div>
            </form>
        </section>
    }
    .into_any()
}

fn line(line: DiffLine) -> impl IntoView {
    let (sign, word) = if line.is_new { ("+", "new") } else { ("~", "changed") };
    view! {
        <li data-sign=sign>
            <b>{sign}<span class="visually-hidden">{word}</span></b>
            <span>{line.subject}<span class="hint">{line.fields.join(" · ")}</span></span>
        </li>
    }
}

fn price_table(proposals: Vec<PriceProposal>) -> AnyView {
    if proposals.is_empty() {
        return view! { <p class="note" role="status">"The file has nothing new for the models here."</p> }.into_any();
    }
    view! {
        <form class="sheet admin-form" method="post" action={here::<ApplyPrices>()} data-stay aria-labelledby="proposed">
            <h2 id="proposed">"Proposed by the price file"</h2>
            <Refusal errors=Vec::new() fields=&[]/>
            <div class="scroll" role="region" aria-label="Proposals" tabindex="0">
                <table class="listing">
                    <thead>
                        <tr>
                            <th scope="col"><span class="visually-hidden">"Ticked"</span></th>
                            <th scope="col">"Model"</th><th scope="col">"Known there as"</th>
                            <th scope="col" class="number">"In, $/M"</th><th scope="col" class="number">"Out, $/M"</th>
                            <th scope="col" class="number">"Context"</th>
                        </tr>
                    </thead>
                    <tbody>{proposals.into_iter().map(proposal).collect::<Vec<_>>()}</tbody>
                </table>
            </div>
            <div class="form-actions"><button class="go" type="submit">"Take the ticked ones over"</button></div>
        </form>
    }
    .into_any()
}

fn proposal(proposal: PriceProposal) -> impl IntoView {
    let money = |price: &Option<Usd>| price.as_ref().map_or(UNKNOWN.into(), Usd::display);
    let step = |now: String, new: Option<String>| match new {
        Some(new) => format!("{now} → {new}"),
        None => now,
    };
    let price = |now: &Option<Usd>, new: &Option<Usd>| step(money(now), new.as_ref().map(Usd::display));
    let input = price(&proposal.now_input_price_per_million_usd, &proposal.input_price_per_million_usd);
    let output = price(&proposal.now_output_price_per_million_usd, &proposal.output_price_per_million_usd);
    let window = |tokens: Option<u32>| tokens.map(|tokens| format::context_window(Some(tokens)));
    let context =
        step(window(proposal.now_context_window).unwrap_or_else(|| UNKNOWN.into()), window(proposal.context_window));
    let tick = format!("Tick {}", proposal.public_name);
    // The form carries the previewed file, so that exactly this file is applied, by any server.
    let value = serde_json::to_string(&proposal).unwrap_or_default();
    view! {
        <tr>
            <td><input type="checkbox" name="proposals[]" value=value checked=true aria-label=tick/></td>
            <th scope="row">{proposal.public_name}</th>
            <td><code>{proposal.source}</code></td>
            <td class="number">{input}</td>
            <td class="number">{output}</td>
            <td class="number">{context}</td>
        </tr>
    }
}
