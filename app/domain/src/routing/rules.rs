//! Validation of the list for `auto`.

use crate::{error::FieldError, routing::RouteRequest};

/// Models per list; more than a request would ever try.
pub const ROUTE_LIMIT: usize = 20;

impl RouteRequest {
    /// The violated rules. Whether the models exist is checked by the server.
    pub fn errors(&self) -> Vec<FieldError> {
        let models = &self.models;
        if models.len() > ROUTE_LIMIT {
            let message = format!("A list has at most {ROUTE_LIMIT} models; this one has {}.", models.len());
            return vec![FieldError::new("models", "too_many", message)];
        }
        (0..models.len())
            .filter_map(|position| {
                let field = format!("models[{position}]");
                if models[position] == "auto" {
                    return Some(FieldError::new(
                        field,
                        "invalid_value",
                        "“auto” is the list itself and cannot be in it.",
                    ));
                }
                models[..position]
                    .contains(&models[position])
                    .then(|| FieldError::new(field, "duplicate", "This model is in the list already."))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(models: &[&str]) -> Vec<(String, String)> {
        let request =
            RouteRequest { models: models.iter().map(|name| (*name).into()).collect(), ..RouteRequest::default() };
        request.errors().into_iter().map(|error| (error.field, error.code)).collect()
    }

    #[test]
    fn a_list_names_each_model_once_and_never_itself() {
        assert_eq!(codes(&[]), []);
        assert_eq!(codes(&["a", "b"]), []);
        assert_eq!(codes(&["a", "b", "a"]), [("models[2]".into(), "duplicate".into())]);
        assert_eq!(codes(&["auto"]), [("models[0]".into(), "invalid_value".into())]);
    }

    #[test]
    fn a_list_is_short() {
        let names: Vec<String> = (0..21).map(|n| n.to_string()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(codes(&names[..20]), []);
        assert_eq!(codes(&names), [("models".into(), "too_many".into())]);
    }
}
