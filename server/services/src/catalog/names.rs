//! Free names for new models. The taken names are loaded once and counters are kept in memory, so that importing ten thousand
//! models with nearly equal names takes linear time.

use std::collections::{HashMap, HashSet};

use foundation::error::Error;
use sqlx::PgExecutor;

use super::{repo, slug::slug};

/// The name that stands for a member's routing list, so that no model can be called by it.
const RESERVED: &str = "auto";

/// The names that are taken. Loaded while the models are locked, so that no other transaction takes one meanwhile.
#[derive(Default)]
pub(super) struct FreeNames {
    public_names: Taken,
    slugs: Taken,
}

#[derive(Default)]
struct Taken {
    all: HashSet<String>,
    /// The last number appended to a name, by that name.
    numbers: HashMap<String, usize>,
}

impl FreeNames {
    /// Loads the names, former names and slugs of all models.
    pub(super) async fn load(db: impl PgExecutor<'_>) -> Result<Self, Error> {
        let mut names = Self::default();
        for (public_name, slug) in repo::taken_names(db).await? {
            names.public_names.all.insert(public_name);
            names.slugs.all.insert(slug);
        }
        Ok(names)
    }

    /// Reserves a public name and a slug: the upstream's own id; prefixed with the upstream's name where that is taken; with a
    /// number appended where that is taken too.
    pub(super) fn take(&mut self, upstream: &str, id: &str) -> (String, String) {
        let id: String = id.trim().chars().take(150).collect();
        let wished = match self.public_names.all.contains(&id) || id == RESERVED {
            true => format!("{}/{id}", upstream.chars().take(40).collect::<String>()),
            false => id,
        };
        let public_name = self.public_names.take(wished);
        let slug = self.take_slug(&public_name);
        (public_name, slug)
    }

    /// Reserves a slug for this name.
    pub(super) fn take_slug(&mut self, public_name: &str) -> String {
        self.slugs.take(slug(public_name))
    }
}

impl Taken {
    fn take(&mut self, wished: String) -> String {
        if self.all.insert(wished.clone()) {
            return wished;
        }
        let number = self.numbers.entry(wished.clone()).or_insert(1);
        loop {
            *number += 1;
            let numbered = format!("{wished}-{number}");
            if self.all.insert(numbered.clone()) {
                return numbered;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_taken_gets_the_upstream_in_front_and_then_a_number() {
        let mut names = FreeNames::default();
        let taken: Vec<_> = (0..4).map(|_| names.take("acme", "Qwen 2.5")).collect();
        let expected = [
            ("Qwen 2.5", "qwen-2.5"),
            ("acme/Qwen 2.5", "acme-qwen-2.5"),
            ("acme/Qwen 2.5-2", "acme-qwen-2.5-2"),
            ("acme/Qwen 2.5-3", "acme-qwen-2.5-3"),
        ];
        assert_eq!(taken, expected.map(|(name, slug)| (name.to_owned(), slug.to_owned())));
        assert_eq!(names.take("b", "qwen 2.5").1, "qwen-2.5-2", "another name, the same slug");
        assert_eq!(names.take("acme", "auto").0, "acme/auto", "it would be the routing list");
    }

    #[test]
    fn names_of_which_nothing_is_left_in_a_slug_are_numbered() {
        let mut names = FreeNames::default();
        let slugs: HashSet<String> = (0..10_000u32)
            .map(|n| names.take("u", &char::from_u32(0x4e00 + n).map(String::from).unwrap_or_default()).1)
            .collect();
        assert_eq!(slugs.len(), 10_000);
        assert!(slugs.contains("model") && slugs.contains("model-10000"));
    }
}
