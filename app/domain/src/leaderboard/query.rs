//! The query string of the leaderboard's JSON routes, parsed strictly: unknown, repeated and invalid parameters are errors,
//! each with its field.

use crate::{
    error::FieldError,
    leaderboard::{SortBy, WINDOWS, Window},
};

/// The query of `GET /api/leaderboard`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct BoardQuery {
    pub window: Window,
    pub sort_by: SortBy,
}

impl BoardQuery {
    /// Reads decoded pairs. Each parameter is optional and may appear once.
    pub fn parse<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Self, Vec<FieldError>> {
        let mut query = Self::default();
        let mut errors = Vec::new();
        let mut seen: Vec<&str> = Vec::new();
        for (name, value) in pairs {
            if seen.contains(&name) {
                errors.push(FieldError::new(shortened(name), "repeated", "Send this parameter once."));
                continue;
            }
            seen.push(name);
            match name {
                "window_days" => match window(value) {
                    Some(window) => query.window = window,
                    None => errors.push(FieldError::new(name, "unknown_value", "window_days is 7 or 30.")),
                },
                "sort_by" => match SortBy::ALL.into_iter().find(|order| order.as_str() == value) {
                    Some(sort_by) => query.sort_by = sort_by,
                    None => {
                        let words = SortBy::ALL.map(SortBy::as_str).join(", ");
                        errors.push(FieldError::new(name, "unknown_value", format!("sort_by is one of {words}.")));
                    }
                },
                other => {
                    let message = "There is no such parameter; there are window_days and sort_by.";
                    errors.push(FieldError::new(shortened(other), "unknown_field", message));
                }
            }
        }
        // A request with thousands of invalid parameters gets only the first errors.
        errors.truncate(10);
        if errors.is_empty() { Ok(query) } else { Err(errors) }
    }
}

/// The query of one model's route: only `window_days`.
pub fn detail_window<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Window, Vec<FieldError>> {
    let mut other = Vec::new();
    let pairs: Vec<_> = pairs.collect();
    for (name, _) in &pairs {
        if *name == "sort_by" {
            other.push(FieldError::new(
                "sort_by",
                "unknown_field",
                "There is no such parameter; there is window_days.",
            ));
        }
    }
    match BoardQuery::parse(pairs.into_iter()) {
        Ok(query) if other.is_empty() => Ok(query.window),
        Ok(_) => Err(other),
        Err(errors) => Err(errors),
    }
}

fn window(value: &str) -> Option<Window> {
    WINDOWS.into_iter().find(|window| window.days().to_string() == value)
}

fn shortened(name: &str) -> String {
    name.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(pairs: &[(&str, &str)]) -> Result<BoardQuery, Vec<(String, String)>> {
        BoardQuery::parse(pairs.iter().copied())
            .map_err(|errors| errors.into_iter().map(|error| (error.field, error.code)).collect())
    }

    #[test]
    fn nothing_asked_is_seven_days_by_score() {
        assert_eq!(parse(&[]), Ok(BoardQuery { window: Window::Week, sort_by: SortBy::RankingScore }));
        assert_eq!(
            parse(&[("sort_by", "throughput"), ("window_days", "30")]),
            Ok(BoardQuery { window: Window::Month, sort_by: SortBy::Throughput })
        );
    }

    #[test]
    fn what_is_not_meant_like_this_is_refused_by_name() {
        let refused = |name: &str, code: &str| Err(vec![(name.to_owned(), code.to_owned())]);
        for value in ["8", "", "07", "+7", "7.0", "seven", "7 ", "٧", "-7", "99999999999999999999"] {
            assert_eq!(parse(&[("window_days", value)]), refused("window_days", "unknown_value"), "{value}");
        }
        for value in ["price", "", "Ranking_Score", "ranking_score,cost"] {
            assert_eq!(parse(&[("sort_by", value)]), refused("sort_by", "unknown_value"), "{value}");
        }
        assert_eq!(parse(&[("window_days", "7"), ("window_days", "7")]), refused("window_days", "repeated"));
        assert_eq!(parse(&[("limit", "3")]), refused("limit", "unknown_field"));
        let long = "x".repeat(10_000);
        assert_eq!(parse(&[(&long, "3")]), refused(&"x".repeat(40), "unknown_field"));
    }

    #[test]
    fn a_model_is_asked_for_a_window_alone() {
        assert_eq!(detail_window([("window_days", "30")].into_iter()), Ok(Window::Month));
        assert!(detail_window([("sort_by", "cost")].into_iter()).is_err());
        assert!(detail_window([("window_days", "8")].into_iter()).is_err());
    }
}
