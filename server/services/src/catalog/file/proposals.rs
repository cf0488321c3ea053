//! Compares the price file with the catalogue.

use domain::{
    Usd,
    catalog::admin::{ModelEdit, PriceProposal},
    error::{AppError, Noun},
};
use foundation::error::Error;
use serde_json::json;

use super::{CatalogFileService, prices};
use crate::{
    audit::Actor,
    catalog::{
        admin::by_slug,
        repo::{self, FullModelRow},
    },
};

impl CatalogFileService {
    /// The differences, model by model in the order of the picker. Nothing is written.
    pub async fn propose(&self, file: &[u8]) -> Result<Vec<PriceProposal>, Error> {
        let file = prices::read(file)?;
        let models = repo::all_models(&self.catalog.pool).await?;
        Ok(models.into_iter().filter_map(|model| proposal(&file, model)).collect())
    }

    /// Applies proposals in one transaction, all of them or none, and returns how many.
    pub async fn take_over(&self, actor: &Actor, proposals: Vec<PriceProposal>) -> Result<u32, Error> {
        let (catalog, actor) = (self.catalog.clone(), actor.clone());
        let work = async move {
            let mut tx = catalog.pool.begin().await?;
            repo::lock_models(&mut *tx).await?;
            let mut known = by_slug(repo::all_models(&mut *tx).await?);
            let mut count = 0;
            for proposal in proposals {
                let edit = ModelEdit {
                    context_window: proposal.context_window.map(Some),
                    input_price_per_million_usd: proposal.input_price_per_million_usd.map(Some),
                    output_price_per_million_usd: proposal.output_price_per_million_usd.map(Some),
                    ..ModelEdit::default()
                };
                let stored = known.remove(&proposal.slug).ok_or(AppError::NotFound(Noun::Model))?;
                catalog.write_edited(&mut tx, &actor, Some(stored), edit).await?;
                count += 1;
            }
            repo::notify(&mut *tx).await?;
            let change = crate::audit::Change::new("catalog.prices", "LiteLLM's price file", json!({"models": count}));
            crate::audit::record(&mut tx, &actor, &change, catalog.clock.now()).await?;
            tx.commit().await?;
            Ok(count)
        };
        self.catalog.tasks.detached(work).await
    }
}

/// The fields that differ; `None` where none does.
fn proposal(file: &prices::PriceFile, model: FullModelRow) -> Option<PriceProposal> {
    let known = file.find(&model.upstream, &model.upstream_model)?;
    let price = |new: Option<rust_decimal::Decimal>, old: Option<rust_decimal::Decimal>| {
        new.filter(|new| old.is_none_or(|old| old != *new)).map(|price| Usd(price.to_string()))
    };
    let text = |price: Option<rust_decimal::Decimal>| price.map(|price| Usd(price.normalize().to_string()));
    let window = model.context_window.map(i32::unsigned_abs);
    let proposal = PriceProposal {
        slug: model.slug,
        public_name: model.public_name,
        source: known.source,
        input_price_per_million_usd: price(known.input, model.input_price_per_million_usd),
        output_price_per_million_usd: price(known.output, model.output_price_per_million_usd),
        context_window: known.context_window.filter(|new| window != Some(*new)),
        now_input_price_per_million_usd: text(model.input_price_per_million_usd),
        now_output_price_per_million_usd: text(model.output_price_per_million_usd),
        now_context_window: window,
    };
    let is_something = proposal.input_price_per_million_usd.is_some()
        || proposal.output_price_per_million_usd.is_some()
        || proposal.context_window.is_some();
    is_something.then_some(proposal)
}
