//! The list as a form posts it.

use super::{RouteRequest, Strategy};

impl RouteRequest {
    /// The list in a form's fields. A model selected for adding is appended: saving includes it.
    pub fn read(fields: &[(String, String)]) -> Self {
        let of = |wanted: &'static str| {
            fields
                .iter()
                .filter(move |(name, value)| name == wanted && !value.is_empty())
                .map(|(_, value)| value.clone())
        };
        let mut models: Vec<String> = of("models").collect();
        let added: Vec<String> = of("add").filter(|model| !models.contains(model)).collect();
        models.extend(added);
        Self { models, strategy: Strategy::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_fields_is_the_order_of_the_list() {
        let read = |fields: &[(&str, &str)]| {
            let fields: Vec<_> = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            RouteRequest::read(&fields).models.join(" ")
        };
        assert_eq!(read(&[("draft", "1"), ("models", "b"), ("models", "a"), ("add", "")]), "b a");
        assert_eq!(read(&[("models", "b"), ("add", "c"), ("move", "up.0")]), "b c");
        assert_eq!(read(&[("models", "b"), ("add", "b")]), "b");
        assert_eq!(read(&[]), "");
    }
}
