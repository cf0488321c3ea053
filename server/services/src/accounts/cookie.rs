//! The sign-in cookie.

use axum::http::{HeaderMap, header};
use chrono::TimeDelta;
use cookie::{Cookie, SameSite, time::Duration};

/// The cookie's name and attributes. Over https the name is `__Host-quadrille`, which no other host and no plain connection can
/// set (RFC 6265bis, section 4.1.3.2); over plain http, where browsers reject that prefix, it is `quadrille`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CookiePolicy {
    name: &'static str,
    secure: bool,
}

impl CookiePolicy {
    /// The policy for a site that is reached over https, or over plain http.
    pub fn for_site(is_https: bool) -> Self {
        if is_https {
            Self { name: "__Host-quadrille", secure: true }
        } else {
            Self { name: "quadrille", secure: false }
        }
    }

    /// The token in the request's cookies.
    pub fn token(&self, headers: &HeaderMap) -> Option<String> {
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(Cookie::split_parse)
            .filter_map(Result::ok)
            .find(|cookie| cookie.name() == self.name)
            .map(|cookie| cookie.value().to_owned())
    }

    /// The `Set-Cookie` value that signs a browser in.
    pub(super) fn issue(&self, token: &str, lifetime: TimeDelta) -> String {
        self.set_cookie(token, Duration::seconds(lifetime.num_seconds()))
    }

    /// The `Set-Cookie` value that signs a browser out.
    pub(crate) fn clear(&self) -> String {
        self.set_cookie("", Duration::ZERO)
    }

    fn set_cookie(&self, value: &str, max_age: Duration) -> String {
        Cookie::build((self.name, value))
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(self.secure)
            .path("/")
            .max_age(max_age)
            .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(url: &str) -> CookiePolicy {
        CookiePolicy::for_site(url.starts_with("https:"))
    }

    #[test]
    fn over_https_the_cookie_is_bound_to_the_host() {
        let cookie = policy("https://example.org").issue("abc", TimeDelta::days(30));
        assert_eq!(cookie, "__Host-quadrille=abc; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=2592000");
    }

    #[test]
    fn over_plain_http_the_cookie_is_still_closed_to_scripts() {
        let cookie = policy("http://127.0.0.1:3000").clear();
        assert_eq!(cookie, "quadrille=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0");
    }

    #[test]
    fn only_the_cookie_of_this_policy_is_read() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, "theme=dark; quadrille=planted".parse().expect("a header"));
        headers.append(header::COOKIE, "__Host-quadrille=mine".parse().expect("a header"));
        assert_eq!(policy("https://example.org").token(&headers).as_deref(), Some("mine"));
        assert_eq!(policy("http://127.0.0.1").token(&headers).as_deref(), Some("planted"));
        assert_eq!(policy("http://127.0.0.1").token(&HeaderMap::new()), None);
    }
}
