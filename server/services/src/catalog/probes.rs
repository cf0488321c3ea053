//! The tests of `quadrille doctor`.

use std::collections::HashSet;

use foundation::error::Error;
use upstream::{Depth, Probe, TestPrompt};

use super::{CatalogService, repo};

/// A test and the name under which it is reported.
pub struct NamedProbe {
    pub name: String,
    pub probe: Probe,
}

impl CatalogService {
    /// One token of the first enabled model of each enabled upstream, or of every enabled model; an upstream without models is
    /// tested up to its list. Simulated upstreams exist only while a server runs.
    pub async fn probes(&self, every_model: bool) -> Result<Vec<NamedProbe>, Error> {
        let models = repo::all_models(&self.pool).await?;
        let mut probes = Vec::new();
        for upstream in repo::all_upstreams(&self.pool).await? {
            if !upstream.is_enabled || upstream.is_simulated {
                continue;
            }
            let (_, target) = self.stored_target(upstream.id).await?;
            let probe =
                |model| Probe { target: target.clone(), model, depth: Depth::Reply, prompt: TestPrompt::default() };
            let mine = models.iter().filter(|model| model.upstream_id == upstream.id && model.is_enabled);
            let mine: Vec<_> = mine.take(if every_model { usize::MAX } else { 1 }).collect();
            let mut seen = HashSet::new();
            for model in &mine {
                if seen.insert(&model.upstream_model) {
                    let name = format!("{}, model {}", upstream.name, model.public_name);
                    probes.push(NamedProbe { name, probe: probe(Some(model.upstream_model.clone())) });
                }
            }
            if mine.is_empty() {
                probes.push(NamedProbe { name: upstream.name, probe: probe(None) });
            }
        }
        Ok(probes)
    }
}
