//! The list while it is being arranged. It is kept in the page's address and in its form, so that arranging works without
//! script and nothing is saved before the member saves it. Pure functions, independent of the page.

use domain::routing::{ROUTE_LIMIT, Route};

/// The list that the page shows, saved or not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    pub models: Vec<String>,
    /// The result of the last action, to be announced.
    pub note: Option<String>,
    /// Why the last action was not possible.
    pub problem: Option<String>,
}

/// The action in the address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requested {
    /// The list in the form; `None` for the saved one.
    pub models: Option<Vec<String>>,
    /// A model to put on top, from `?model=`.
    pub picked: Option<String>,
    /// The value of a button: `up.2`, `down.0`, `remove.1`, `add`.
    pub change: Option<String>,
    /// The model to add.
    pub added: Option<String>,
}

/// The list that the page shows.
pub fn draft(saved: &Route, requested: Requested, is_known: impl Fn(&str) -> bool) -> Draft {
    let mut draft = Draft { models: requested.models.unwrap_or_else(|| saved.models.clone()), ..Draft::default() };
    draft.models.truncate(ROUTE_LIMIT);
    if let Some(model) = requested.picked {
        draft.pick(model, is_known);
    } else if let Some(change) = requested.change {
        draft.change(&change, requested.added, is_known);
    }
    draft
}

impl Draft {
    /// Puts a picked model on top.
    fn pick(&mut self, model: String, is_known: impl Fn(&str) -> bool) {
        if !is_known(&model) {
            self.problem = Some(format!("There is no model “{}” to put into the list.", shortened(&model)));
            return;
        }
        if self.models.first() == Some(&model) {
            self.note = Some(format!("{model} is the first of your list already."));
            return;
        }
        self.models.retain(|other| *other != model);
        self.models.insert(0, model.clone());
        self.models.truncate(ROUTE_LIMIT);
        self.note = Some(format!("{model} is on top now. Nothing is saved until you save."));
    }

    fn change(&mut self, change: &str, added: Option<String>, is_known: impl Fn(&str) -> bool) {
        if change == "add" {
            return self.add(added, is_known);
        }
        let Some((verb, position)) = change.split_once('.') else { return };
        let Some(position) = position.parse::<usize>().ok().filter(|position| *position < self.models.len()) else {
            return;
        };
        let other = match verb {
            "up" => position.checked_sub(1),
            "down" => Some(position + 1).filter(|other| *other < self.models.len()),
            "remove" => {
                let model = self.models.remove(position);
                self.note = Some(format!("{model} is out of the list."));
                return;
            }
            _ => None,
        };
        let Some(other) = other else { return };
        self.models.swap(position, other);
        self.note = Some(format!("{} is number {} now.", self.models[other], other + 1));
    }

    fn add(&mut self, model: Option<String>, is_known: impl Fn(&str) -> bool) {
        let Some(model) = model.filter(|model| !model.is_empty()) else {
            self.problem = Some("Choose a model to add.".into());
            return;
        };
        if self.models.contains(&model) {
            self.note = Some(format!("{model} is in the list already."));
        } else if self.models.len() >= ROUTE_LIMIT {
            self.problem = Some(format!("A list has at most {ROUTE_LIMIT} models. Remove one first."));
        } else if is_known(&model) {
            self.models.push(model.clone());
            self.note = Some(format!("{model} is number {} now.", self.models.len()));
        } else {
            self.problem = Some(format!("There is no model “{}”.", shortened(&model)));
        }
    }
}

/// An untrusted name, shortened for a message.
fn shortened(name: &str) -> String {
    match name.char_indices().nth(100) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(names: &str) -> Vec<String> {
        names.chars().map(String::from).collect()
    }

    fn shown(saved: &str, requested: Requested) -> (String, bool, bool) {
        let saved = Route { models: list(saved), ..Route::default() };
        let draft = draft(&saved, requested, |name| name != "x");
        (draft.models.concat(), draft.note.is_some(), draft.problem.is_some())
    }

    fn change(models: &str, change: &str, added: &str) -> (String, bool, bool) {
        let added = Some(added.to_owned()).filter(|name| !name.is_empty());
        shown("z", Requested { models: Some(list(models)), change: Some(change.into()), added, picked: None })
    }

    #[test]
    fn the_saved_list_is_shown_until_another_is_arranged() {
        assert_eq!(shown("ab", Requested::default()), ("ab".into(), false, false));
        assert_eq!(shown("ab", Requested { models: Some(vec![]), ..Requested::default() }).0, "");
    }

    #[test]
    fn a_picked_model_comes_first_and_once() {
        let pick = |saved, name: &str| shown(saved, Requested { picked: Some(name.into()), ..Requested::default() });
        assert_eq!(pick("", "a"), ("a".into(), true, false));
        assert_eq!(pick("bca", "a"), ("abc".into(), true, false));
        assert_eq!(pick("ab", "a"), ("ab".into(), true, false));
        assert_eq!(pick("ab", "x"), ("ab".into(), false, true));
        let long: String = ('a'..='t').collect();
        assert_eq!(pick(&long, "z").0, format!("z{}", &long[..19]));
    }

    #[test]
    fn buttons_move_and_remove_and_nonsense_does_nothing() {
        assert_eq!(change("abc", "up.2", ""), ("acb".into(), true, false));
        assert_eq!(change("abc", "down.0", ""), ("bac".into(), true, false));
        assert_eq!(change("abc", "remove.1", ""), ("ac".into(), true, false));
        for nothing in ["up.0", "down.2", "up.3", "remove.9", "up", "up.-1", "sideways.1", "", "."] {
            assert_eq!(change("abc", nothing, ""), ("abc".into(), false, false), "{nothing}");
        }
    }

    #[test]
    fn a_model_is_added_at_the_end_once() {
        assert_eq!(change("a", "add", "b"), ("ab".into(), true, false));
        assert_eq!(change("a", "add", "a"), ("a".into(), true, false));
        assert_eq!(change("a", "add", ""), ("a".into(), false, true));
        assert_eq!(change("a", "add", "x"), ("a".into(), false, true));
        let full: String = ('a'..='t').collect();
        assert_eq!(change(&full, "add", "z"), (full.clone(), false, true));
        assert_eq!(change("abc", "up.1", "z").0, "bac", "the list of models to add is not touched by other buttons");
    }
}
