//! Ids in a path.

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::request::Parts,
};
use domain::{
    ComparisonId, KeyId, RunId, TemplateId, UpstreamId, UserId,
    error::{AppError, Noun},
};
use uuid::Uuid;

use super::ApiError;

/// The ids of the path, in its order. A malformed id gets the same 404 as one that does not exist.
pub struct PathId<T>(pub T);

/// Parameters that [`PathId`] can extract.
pub trait FromPath: Sized {
    /// Parses the path's parameters; the error is the noun for the 404.
    fn from_path(values: &[&str]) -> Result<Self, Noun>;
}

macro_rules! from_path {
    ($($id:ident is $noun:ident),*) => {
        $(impl FromPath for $id {
            fn from_path(values: &[&str]) -> Result<Self, Noun> {
                values.first().and_then(|value| uuid(value)).map($id).ok_or(Noun::$noun)
            }
        })*
    };
}

from_path!(ComparisonId is Comparison, KeyId is Key, RunId is Run, TemplateId is Template, UserId is Account, UpstreamId is Upstream);

/// The slug of a model, unchecked; the catalogue decides whether there is such a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelSlug(pub String);

impl FromPath for ModelSlug {
    fn from_path(values: &[&str]) -> Result<Self, Noun> {
        values.first().map(|value| Self((*value).to_owned())).ok_or(Noun::Model)
    }
}

/// The name of a field of a request, unchecked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldName(pub String);

impl FromPath for FieldName {
    fn from_path(values: &[&str]) -> Result<Self, Noun> {
        values.first().map(|value| Self((*value).to_owned())).ok_or(Noun::Page)
    }
}

/// The token of a share link, unchecked; the sharing service decides whether it is valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShareSlug(pub String);

impl FromPath for ShareSlug {
    fn from_path(values: &[&str]) -> Result<Self, Noun> {
        values.first().map(|value| Self((*value).to_owned())).ok_or(Noun::Comparison)
    }
}

impl<A: FromPath, B: FromPath> FromPath for (A, B) {
    fn from_path(values: &[&str]) -> Result<Self, Noun> {
        Ok((A::from_path(values)?, B::from_path(values.get(1..).unwrap_or_default())?))
    }
}

/// Accepts only the canonical form of a UUID, so that each resource has one URL.
fn uuid(text: &str) -> Option<Uuid> {
    (text.len() == 36).then(|| text.parse().ok()).flatten()
}

impl<S, T> FromRequestParts<S> for PathId<T>
where
    S: Send + Sync,
    T: FromPath,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| ApiError::from(AppError::NotFound(Noun::Page)))?;
        let values: Vec<&str> = params.iter().map(|(_, value)| value).collect();
        T::from_path(&values).map(Self).map_err(|noun| AppError::NotFound(noun).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_hyphenated_uuid_is_an_id() {
        let id = "01936b2e-0000-7000-8000-000000000001";
        assert!(ComparisonId::from_path(&[id]).is_ok());
        for wrong in
            ["", "1", "{01936b2e-0000-7000-8000-000000000001}", "01936b2e000070008000000000000001", "x' OR 1=1 --"]
        {
            assert_eq!(ComparisonId::from_path(&[wrong]), Err(Noun::Comparison));
        }
    }

    #[test]
    fn of_two_ids_the_malformed_one_is_named() {
        let id = "01936b2e-0000-7000-8000-000000000001";
        assert!(<(ComparisonId, RunId)>::from_path(&[id, id]).is_ok());
        assert_eq!(<(ComparisonId, RunId)>::from_path(&[id, "x"]), Err(Noun::Run));
        assert_eq!(<(ComparisonId, RunId)>::from_path(&["x", id]), Err(Noun::Comparison));
        assert_eq!(<(ComparisonId, RunId)>::from_path(&[id]), Err(Noun::Run));
    }
}
