//! An admin of a running test server.

use chrono::TimeDelta;
use domain::accounts::Role;
use reqwest::{Method, StatusCode};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::app::{Member, PASSWORD, TestApp};

impl TestApp {
    /// Signs an admin in who has come by invitation.
    pub(crate) async fn admin(&self, email: &str) -> Member<'_> {
        let valid_for = TimeDelta::days(1);
        let invite = self.state.services.accounts.create_invite(None, Role::Admin, None, valid_for).await.unwrap();
        let form = json!({"email": email, "password": PASSWORD, "invite": invite.expose_secret()});
        self.sign_up(form).await
    }
}

impl Member<'_> {
    /// What is found there.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, body) = self.send(Method::GET, path, None).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    pub(crate) fn post(&self, path: &str, body: Value) -> impl Future<Output = (StatusCode, Value)> {
        self.send(Method::POST, path, Some(body))
    }

    pub(crate) fn patch(&self, path: &str, body: Value) -> impl Future<Output = (StatusCode, Value)> {
        self.send(Method::PATCH, path, Some(body))
    }

    pub(crate) fn delete(&self, path: &str) -> impl Future<Output = (StatusCode, Value)> {
        self.send(Method::DELETE, path, None)
    }
}

/// The codes of a problem's broken rules.
pub(crate) fn codes(problem: &Value) -> Vec<&str> {
    problem["errors"].as_array().into_iter().flatten().filter_map(|error| error["code"].as_str()).collect()
}
