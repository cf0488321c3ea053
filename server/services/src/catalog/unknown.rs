//! Names of models that a member writes down for later.

use std::collections::HashSet;

use domain::{
    catalog::CatalogPort,
    error::{AppError, FieldError},
};

use super::CatalogService;

impl CatalogService {
    /// The fields of a list called `models` that name a model there is none of. Those of `kept` may stay, whatever became of
    /// them since they were written down.
    pub async fn unknown_models(&self, models: &[String], kept: &[String]) -> Result<Vec<FieldError>, AppError> {
        if models.iter().all(|name| kept.contains(name)) {
            return Ok(Vec::new());
        }
        let known: HashSet<String> = self.models().await?.into_iter().map(|model| model.public_name).collect();
        let unknown = |(_, name): &(usize, &String)| !known.contains(*name) && !kept.contains(*name);
        let error = |(position, _)| {
            let message = "There is no model of this name. GET /api/models lists them.";
            FieldError::new(format!("models[{position}]"), "unknown_model", message)
        };
        Ok(models.iter().enumerate().filter(unknown).map(error).collect())
    }
}
