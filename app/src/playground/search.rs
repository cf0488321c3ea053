//! Searching the catalogue.

use domain::catalog::ModelSummary;

/// Models listed at once; the others are found by typing.
pub(super) const LISTED: usize = 60;

/// The indexes of the models that contain every word of the query in name or family, in the catalogue's order.
pub(super) fn search(models: &[ModelSummary], query: &str) -> Vec<usize> {
    let words: Vec<String> = query.split_whitespace().map(str::to_ascii_lowercase).collect();
    models
        .iter()
        .enumerate()
        .filter(|(_, model)| {
            let mut text = model.public_name.to_ascii_lowercase();
            if let Some(family) = &model.family {
                text.push(' ');
                text.push_str(&family.to_ascii_lowercase());
            }
            words.iter().all(|word| text.contains(word))
        })
        .map(|(index, _)| index)
        .collect()
}

/// The index that a key moves to in a list of `count` items. The arrow keys wrap around.
pub(super) fn step(key: &str, active: usize, count: usize) -> Option<usize> {
    let last = count.checked_sub(1)?;
    match key {
        "ArrowDown" => Some(if active >= last { 0 } else { active + 1 }),
        "ArrowUp" => Some(if active == 0 { last } else { active - 1 }),
        "Home" => Some(0),
        "End" => Some(last),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(name: &str, family: Option<&str>) -> ModelSummary {
        ModelSummary {
            public_name: name.into(),
            slug: name.replace('/', "-"),
            family: family.map(Into::into),
            context_window: None,
            is_featured: false,
            input_price_per_million_usd: None,
            output_price_per_million_usd: None,
        }
    }

    #[test]
    fn every_word_must_be_in_name_or_family_whatever_its_case() {
        let models =
            [model("acme/qwen-pro", Some("Qwen")), model("acme/llama-70b", Some("Llama")), model("x/pro", None)];
        assert_eq!(search(&models, ""), [0, 1, 2]);
        assert_eq!(search(&models, "ACME"), [0, 1]);
        assert_eq!(search(&models, "pro qwen"), [0]);
        assert_eq!(search(&models, "llama pro"), [0; 0]);
    }

    #[test]
    fn arrows_wrap_around_and_an_empty_list_has_nowhere_to_go() {
        assert_eq!(step("ArrowDown", 2, 3), Some(0));
        assert_eq!(step("ArrowUp", 0, 3), Some(2));
        assert_eq!(step("End", 0, 3), Some(2));
        assert_eq!(step("ArrowDown", 0, 0), None);
        assert_eq!(step("a", 0, 3), None);
    }
}
