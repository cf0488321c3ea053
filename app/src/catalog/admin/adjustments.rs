//! What a model does not take, on its page, each with a button to forget it.

use domain::catalog::admin::AdjustmentView;
use leptos::prelude::*;

use super::api::ForgetAdjustment;
use crate::ui::{Refused, here, posted_errors, time};

/// The list; nothing where the model takes everything.
pub(super) fn adjustments(slug: &str, known: Vec<AdjustmentView>) -> AnyView {
    if known.is_empty() {
        return ().into_any();
    }
    let errors = posted_errors::<ForgetAdjustment>();
    let rows: Vec<_> = known.into_iter().map(|one| row(slug, one)).collect();
    view! {
        <section class="sheet adjustments" aria-labelledby="adjustments-title">
            <h2 id="adjustments-title">"What this model does not take"</h2>
            <p class="hint">
                "Learned from its upstream's refusals. Calls of this site are sent accordingly for a week; then the field is tried \
                 again. A field that a caller of the gateway sends is never changed."
            </p>
            <Refused errors/>
            <ul>{rows}</ul>
        </section>
    }
    .into_any()
}

fn row(slug: &str, one: AdjustmentView) -> impl IntoView + use<> {
    let (sentence, label) = (one.in_words(), format!("Forget that it {}", one.in_words()));
    let quoted = one.words.map(|words| view! { <q class="hint">{words}</q> });
    view! {
        <li>
            <span>
                {sentence}"; learned "
                <time datetime=time::machine(one.learned_at)>{time::date(one.learned_at)}</time>
            </span>
            {quoted}
            <form method="post" action={here::<ForgetAdjustment>()}>
                <input type="hidden" name="model" value=slug.to_owned()/>
                <input type="hidden" name="field" value=one.field/>
                <button class="quiet small" type="submit" aria-label=label>"Forget"</button>
            </form>
        </li>
    }
}
