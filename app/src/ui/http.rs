//! Requests from the page to the JSON API. A problem document in an answer becomes an [`AppError`].

use domain::error::{AppError, FieldError, Noun};
use gloo_net::http::{Request, Response};
use serde_json::Value;

use super::json;

/// The media type of most answers.
pub const JSON: &str = "application/json";

/// Sends a GET request and returns the answer once its headers have arrived.
///
/// # Errors
///
/// [`AppError::Transport`] if there is no answer; otherwise what an answer other than 2xx says.
pub async fn get(url: &str, accept: &str) -> Result<Response, AppError> {
    checked(Request::get(url).header("accept", accept).build()).await
}

/// Sends a POST request, with or without a JSON body, and returns the answer once its headers have arrived.
///
/// # Errors
///
/// [`AppError::Transport`] if there is no answer; otherwise what an answer other than 2xx says.
pub async fn post(url: &str, accept: &str, json: Option<&str>) -> Result<Response, AppError> {
    let request = Request::post(url).header("accept", accept);
    checked(match json {
        Some(json) => request.header("content-type", JSON).body(json),
        None => request.build(),
    })
    .await
}

async fn checked(request: Result<Request, gloo_net::Error>) -> Result<Response, AppError> {
    let response = request.map_err(|_| AppError::Transport)?.send().await.map_err(|_| AppError::Transport)?;
    if response.ok() {
        return Ok(response);
    }
    let retry_after = response.headers().get("retry-after");
    let body = response.text().await.unwrap_or_default();
    Err(read_problem(response.status(), &body, retry_after.as_deref()))
}

/// The error of an answer other than 2xx. Its body need not be a problem document: a proxy may have written it.
fn read_problem(status: u16, body: &str, retry_after: Option<&str>) -> AppError {
    let problem: Value = serde_json::from_str(body).unwrap_or_default();
    let text = json::text(&problem, "detail").or_else(|| json::text(&problem, "title"));
    let or = |fallback: &str| text.clone().unwrap_or_else(|| fallback.to_owned());
    let errors: Vec<FieldError> = json::list(&problem, "errors").iter().filter_map(json::field_error).collect();
    let code = problem.get("code").and_then(Value::as_str);
    match status {
        401 if code == Some("wrong_credentials") => AppError::WrongCredentials,
        401 => AppError::Unauthenticated,
        403 => AppError::Forbidden(or("This is not allowed.")),
        404 => AppError::NotFound(Noun::Comparison),
        409 => AppError::Conflict(or("This is not possible right now.")),
        422 if !errors.is_empty() => AppError::Invalid(errors),
        429 => AppError::RateLimited { retry_after_s: retry_after.and_then(|s| s.parse().ok()).unwrap_or(60) },
        502..=504 => AppError::Unavailable,
        400..=499 => AppError::Malformed(or("The request could not be read.")),
        _ => AppError::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_document_keeps_its_field_errors() {
        let body = r#"{"type":"about:blank","title":"Invalid","status":422,"code":"invalid",
            "errors":[{"field":"models[1]","code":"unknown","message":"There is no such model."}]}"#;
        let expected = FieldError::new("models[1]", "unknown", "There is no such model.");
        assert_eq!(read_problem(422, body, None), AppError::Invalid(vec![expected]));
    }

    #[test]
    fn a_wrong_password_and_an_ended_sign_in_are_told_apart_by_their_code() {
        assert_eq!(read_problem(401, r#"{"code":"wrong_credentials"}"#, None), AppError::WrongCredentials);
        assert_eq!(read_problem(401, r#"{"code":"unauthenticated"}"#, None), AppError::Unauthenticated);
    }

    #[test]
    fn an_answer_that_is_no_problem_document_still_says_something() {
        assert_eq!(read_problem(502, "<html>", None), AppError::Unavailable);
        assert_eq!(read_problem(500, "", None), AppError::Internal);
        assert_eq!(read_problem(429, "", Some("7")), AppError::RateLimited { retry_after_s: 7 });
        assert_eq!(read_problem(413, "", None), AppError::Malformed("The request could not be read.".into()));
        assert_eq!(
            read_problem(413, r#"{"title":"Too large","detail":"At most 640 kB."}"#, None),
            AppError::Malformed("At most 640 kB.".into())
        );
    }
}
