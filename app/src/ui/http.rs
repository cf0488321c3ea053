//! Requests to the JSON API from the page, with its problem documents read as [`AppError`].

use domain::error::{AppError, FieldError, Noun};
use leptos::prelude::window;
use serde_json::Value;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, RequestInit, Response};

use super::json;

/// Sends a request and returns the answer if its status says success.
pub async fn send(method: &str, url: &str, accept: &str, json: Option<&str>) -> Result<Response, AppError> {
    let response = fetch(method, url, accept, json).await.map_err(|_| AppError::Transport)?;
    if response.ok() {
        return Ok(response);
    }
    let retry_after = response.headers().get("retry-after").ok().flatten();
    let body = match response.text() {
        Ok(text) => JsFuture::from(text).await.ok().and_then(|text| text.as_string()).unwrap_or_default(),
        Err(_) => String::new(),
    };
    Err(read_problem(response.status(), &body, retry_after.as_deref()))
}

async fn fetch(method: &str, url: &str, accept: &str, json: Option<&str>) -> Result<Response, JsValue> {
    let headers = Headers::new()?;
    headers.set("accept", accept)?;
    let options = RequestInit::new();
    options.set_method(method);
    if let Some(json) = json {
        headers.set("content-type", "application/json")?;
        options.set_body(&JsValue::from_str(json));
    }
    options.set_headers(&headers);
    JsFuture::from(window().fetch_with_str_and_init(url, &options)).await?.dyn_into()
}

/// What a refused request says, whatever its body is.
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
