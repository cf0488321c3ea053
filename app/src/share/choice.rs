//! What a member has chosen to share: as ticked boxes, as a query, and as a request.

use domain::{
    ComparisonId,
    share::{ShareRequest, SharedContent},
};
use leptos_router::params::ParamsMap;

/// The names of the boxes of the four cards, by position.
pub(super) const BOXES: [&str; 4] = ["a", "b", "c", "d"];

/// The boxes as they are ticked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) boxes: [bool; 4],
    pub(super) hides_system_prompt: bool,
    pub(super) new_link: bool,
}

impl Choice {
    /// All cards and the system prompt: the default.
    pub(super) const ALL: Self = Self { boxes: [true; 4], hides_system_prompt: false, new_link: false };

    /// The choice in the query; `None` if there is none.
    pub(super) fn in_query(query: &ParamsMap) -> Option<Self> {
        query.get_str("chosen")?;
        let is_ticked = |name: &str| query.get_str(name).is_some();
        Some(Self {
            boxes: BOXES.map(is_ticked),
            hides_system_prompt: is_ticked("hide_system_prompt"),
            new_link: is_ticked("new_link"),
        })
    }

    /// The choice that leads to what is shared now.
    pub(super) fn of(shared: &SharedContent) -> Self {
        let boxes = [0, 1, 2, 3].map(|position| shared.runs.iter().any(|run| run.position == position));
        Self { boxes, hides_system_prompt: shared.system_prompt.is_none(), new_link: false }
    }

    /// The path of the page on which this choice is made.
    pub(super) fn page(self, id: ComparisonId) -> String {
        let others = [("hide_system_prompt", self.hides_system_prompt), ("new_link", self.new_link)];
        let boxes = BOXES.into_iter().zip(self.boxes).chain(others);
        let ticked = boxes.filter(|(_, is_ticked)| *is_ticked).map(|(name, _)| format!("&{name}=on"));
        format!("/playground/{id}/share?chosen=1{}", ticked.collect::<String>())
    }

    pub(super) fn request(self) -> ShareRequest {
        let positions = (0..).zip(self.boxes).filter(|(_, ticked)| *ticked).map(|(position, _)| position).collect();
        ShareRequest {
            positions: Some(positions),
            hide_system_prompt: self.hides_system_prompt,
            new_link: self.new_link,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_survives_the_address_and_no_choice_is_everything() {
        let id = ComparisonId(uuid::Uuid::nil());
        let choice = Choice { boxes: [true, false, false, true], hides_system_prompt: true, new_link: true };
        let page = choice.page(id);
        let (path, query) = page.split_once('?').expect("a query");
        assert_eq!(path, format!("/playground/{id}/share"));
        let mut map = ParamsMap::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            map.insert(name.into_owned(), value.into_owned());
        }
        assert_eq!(Choice::in_query(&map), Some(choice));
        assert_eq!(choice.request().positions, Some(vec![0, 3]));
        assert_eq!(Choice::in_query(&ParamsMap::new()), None);
    }
}
