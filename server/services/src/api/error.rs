//! The error of every JSON route.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::error::AppError;
use foundation::error::Error;

use super::problem::{PROBLEM_JSON, Problem};

/// A problem document as a response. `?` converts [`AppError`] and [`Error`] into it.
#[derive(Clone, Debug)]
pub struct ApiError(pub Box<Problem>);

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

impl From<AppError> for ApiError {
    fn from(error: AppError) -> Self {
        Problem::from(&error).into()
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        AppError::from(error).into()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Self(problem) = self;
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if problem.status == 401 {
            // RFC 9110 requires a challenge with every 401; no scheme is registered for cookies.
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Cookie realm=\"quadrille\""));
        }
        if let Some(seconds) = problem.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_of_the_document_is_the_status_of_the_answer() {
        for error in [AppError::Unauthenticated, AppError::Conflict("no".into()), AppError::Internal] {
            let status = error.status();
            let response = ApiError::from(error).into_response();
            assert_eq!(response.status().as_u16(), status);
            assert_eq!(response.headers()[header::CONTENT_TYPE], PROBLEM_JSON);
            assert_eq!(response.headers().contains_key(header::WWW_AUTHENTICATE), status == 401);
        }
    }

    #[test]
    fn being_limited_says_for_how_long() {
        let response = ApiError::from(AppError::RateLimited { retry_after_s: 7 }).into_response();
        assert_eq!(response.headers()[header::RETRY_AFTER], "7");
    }
}
