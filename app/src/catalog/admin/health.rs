//! What keeps models from answering: a chip in the list of models, and a notice on the dashboard of admins.

use domain::{
    catalog::admin::{ModelHealth, ModelView, ModelsPort},
    error::AppError,
};
use leptos::prelude::*;

use crate::{host, ui::time};

/// The models that were refused for so long that an admin has to look after them; none where the viewer is not an admin. Reads
/// the context before it is awaited.
pub fn unwell_models() -> impl Future<Output = Result<Vec<ModelView>, AppError>> + Send + 'static {
    let (port, admin) = (host::service::<dyn ModelsPort>(), host::admin());
    async move {
        match admin {
            Ok(admin) => port?.unwell(&admin).await,
            Err(_) => Ok(Vec::new()),
        }
    }
}

/// The state of a model, since when, and how often it was refused so.
#[component]
pub(super) fn HealthChip(health: ModelHealth) -> impl IntoView {
    view! {
        <span class="tag" data-health=health.state.as_str()>{health.state.words()}</span>
        <span class="hint">{since(health)}</span>
    }
}

/// A notice about these models.
#[component]
pub fn UnwellModels(models: Vec<ModelView>) -> impl IntoView {
    let item = |model: ModelView| {
        let test = format!("/admin/models/{}/test", model.slug);
        model.health.map(|health| {
            view! {
                <li>
                    <a href=test>{model.public_name}</a>": "{health.state.words()}" "
                    <span class="hint">{since(health)}</span>
                </li>
            }
        })
    };
    (!models.is_empty()).then(|| {
        view! {
            <aside class="unwell sheet" aria-labelledby="unwell-title">
                <h2 id="unwell-title">"Models that do not answer"</h2>
                <ul>{models.into_iter().filter_map(item).collect::<Vec<_>>()}</ul>
                <p>
                    "A link leads to the direct test, which says what to do. The state ends with the next call that succeeds. "
                    <a href="/admin/models">"All models"</a>
                </p>
            </aside>
        }
    })
}

fn since(health: ModelHealth) -> impl IntoView {
    let often = match health.count {
        1 => "once".to_owned(),
        count => format!("{count} times"),
    };
    view! {
        "since "<time datetime=time::machine(health.since)>{time::date_time(health.since)}</time>{format!(", {often}")}
    }
}
