//! The form of a key, as a browser posts it to `/keys`.

use domain::{
    KeyId,
    error::{AppError, FieldError},
    keys::{ApiKey, KeyChange, KeyRequest},
};

/// The form's fields as they were filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyForm {
    /// The key to change, or the id that the new key will have: posting the same form twice creates one key.
    pub id: Option<KeyId>,
    pub is_change: bool,
    pub name: String,
    /// The models that are ticked; empty for every model.
    pub models: Vec<String>,
    /// As it was typed; empty for no limit.
    pub requests_per_minute: String,
}

impl KeyForm {
    /// The form with these fields. Unknown ones are ignored.
    pub fn read(fields: &[(String, String)]) -> Self {
        let mut form = Self::default();
        for (name, value) in fields {
            match name.as_str() {
                "id" => form.id = value.parse().ok(),
                "change" => form.is_change = true,
                "name" => form.name = value.clone(),
                "model" => form.models.push(value.clone()),
                "requests_per_minute" => form.requests_per_minute = value.trim().to_owned(),
                _ => {}
            }
        }
        form
    }

    /// The form for changing this key.
    pub fn of(key: &ApiKey) -> Self {
        Self {
            id: Some(key.id),
            is_change: true,
            name: key.name.clone(),
            models: key.models.clone().unwrap_or_default(),
            requests_per_minute: key.requests_per_minute.map(|limit| limit.to_string()).unwrap_or_default(),
        }
    }

    /// The key that is requested.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`] if the limit is not a number.
    pub fn request(&self) -> Result<KeyRequest, AppError> {
        let models = Some(self.models.clone()).filter(|models| !models.is_empty());
        Ok(KeyRequest { name: self.name.clone(), models, requests_per_minute: self.limit()? })
    }

    /// The change that is requested. The form always has every field, so every field is set.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`] if the limit is not a number.
    pub fn change(&self) -> Result<KeyChange, AppError> {
        let KeyRequest { name, models, requests_per_minute } = self.request()?;
        Ok(KeyChange { name: Some(name), models: Some(models), requests_per_minute: Some(requests_per_minute) })
    }

    fn limit(&self) -> Result<Option<u32>, AppError> {
        if self.requests_per_minute.is_empty() {
            return Ok(None);
        }
        self.requests_per_minute.parse().map(Some).map_err(|_| {
            let message = "A limit is a whole number from 1 to 100000; leave it out for no limit.";
            AppError::Invalid(vec![FieldError::new("requests_per_minute", "invalid_value", message)])
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &[(&str, &str)]) -> KeyForm {
        KeyForm::read(&fields.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect::<Vec<_>>())
    }

    #[test]
    fn a_form_with_nothing_ticked_and_no_limit_asks_for_a_key_to_everything() {
        let form = read(&[("name", "a"), ("requests_per_minute", " "), ("unknown", "x")]);
        assert_eq!(form.request(), Ok(KeyRequest { name: "a".into(), ..KeyRequest::default() }));
        let change = KeyChange { name: Some("a".into()), models: Some(None), requests_per_minute: Some(None) };
        assert_eq!(form.change(), Ok(change));
    }

    #[test]
    fn ticks_and_limit_are_read() {
        let form = read(&[("name", "a"), ("model", "x/1"), ("model", "x/2"), ("requests_per_minute", "60")]);
        let request = form.request().expect("a request");
        assert_eq!((request.models, request.requests_per_minute), (Some(vec!["x/1".into(), "x/2".into()]), Some(60)));
        for limit in ["six", "-1", "1.5", "99999999999"] {
            let error = read(&[("name", "a"), ("requests_per_minute", limit)]).request().expect_err("no number");
            assert_eq!(error.field_errors()[0].field, "requests_per_minute", "{limit}");
        }
    }
}
