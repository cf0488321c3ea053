//! Checks the names of models in what members store, such as templates and routes.

use std::collections::HashSet;

use domain::{
    catalog::CatalogPort,
    error::{AppError, FieldError},
};

use super::CatalogService;

impl CatalogService {
    /// An error for each entry of the field `models` without such a model. Names in `kept`, which were valid when they were
    /// stored, are accepted even if their model has been deleted since.
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
