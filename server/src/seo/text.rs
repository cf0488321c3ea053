//! The texts that crawlers read.

use std::fmt::Write;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::leaderboard::Listed;

/// What may be crawled: everything but what needs a sign-in. Shared comparisons carry `noindex`, and have to be fetched for that
/// to be seen.
pub(super) fn robots(origin: &str) -> String {
    let closed = ["/dashboard", "/admin", "/account", "/keys", "/routing", "/playground", "/_server/"];
    let mut text = String::from("User-agent: *\nAllow: /playground/shared/\n");
    for path in closed {
        let _ = writeln!(text, "Disallow: {path}");
    }
    let _ = writeln!(text, "\nSitemap: {origin}/sitemap.xml");
    text
}

/// Every page that is worth finding, with the time its figures changed last where that is known.
pub(super) fn sitemap(origin: &str, models: &[Listed], updated_at: DateTime<Utc>) -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
    );
    let mut page = |path: &str, updated_at: Option<DateTime<Utc>>| {
        let _ = write!(xml, "  <url><loc>{}</loc>", escape(&format!("{origin}{path}")));
        if let Some(time) = updated_at {
            let _ = write!(xml, "<lastmod>{}</lastmod>", time.to_rfc3339_opts(SecondsFormat::Secs, true));
        }
        xml.push_str("</url>\n");
    };
    page("/", None);
    page("/leaderboard", Some(updated_at));
    page("/leaderboard/method", None);
    for model in models {
        page(&format!("/leaderboard/{}", model.slug), model.updated_at);
    }
    xml.push_str("</urlset>\n");
    xml
}

/// What this site holds, for language models.
pub(super) fn llms(name: &str, origin: &str, models: &[Listed]) -> String {
    let mut text = format!(
        "# {name}\n\n> Compares hosted language models side by side, and publishes how every model performs in production: \
         success rate, latency, time to first token, tokens per second, cost, ranked with 95 % intervals. Figures are rolled up \
         every hour; times are UTC.\n\n## For programs\n\n\
         - [Leaderboard as JSON]({origin}/api/leaderboard): ranked models; parameters window_days (7 or 30) and sort_by \
         (ranking_score, p95_latency, cost, throughput); no key needed\n\
         - [Models as JSON]({origin}/api/models): names, context windows, prices\n\
         - [OpenAPI description]({origin}/api/openapi.json): every route\n\n## Pages\n\n\
         - [Leaderboard]({origin}/leaderboard)\n- [How it is computed]({origin}/leaderboard/method)\n\n## Models\n\n"
    );
    for model in models {
        let shown = model.public_name.replace(['[', ']', '<', '>', '\n', '\r'], " ");
        let _ = writeln!(text, "- [{shown}]({origin}/leaderboard/{})", model.slug);
    }
    text
}

/// Text in XML.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "https://models.example";

    fn listed() -> Vec<Listed> {
        let time = "2026-11-21T09:05:00.123456Z".parse().unwrap();
        vec![
            Listed { public_name: "acme/qwen-pro".into(), slug: "acme-qwen-pro".into(), updated_at: Some(time) },
            Listed { public_name: "[x](javascript:)".into(), slug: "x".into(), updated_at: None },
        ]
    }

    #[test]
    fn the_sitemap_lists_every_model_with_a_true_time_or_none() {
        let xml = sitemap(ORIGIN, &listed(), "2026-11-21T10:05:00Z".parse().unwrap());
        assert!(
            xml.contains(
                "<loc>https://models.example/leaderboard/acme-qwen-pro</loc><lastmod>2026-11-21T09:05:00Z</lastmod>"
            ),
            "{xml}"
        );
        assert!(xml.contains("<loc>https://models.example/leaderboard/x</loc></url>"));
        assert_eq!(xml.matches("<url>").count(), 5);
    }

    #[test]
    fn crawlers_are_kept_out_of_what_needs_a_sign_in_and_let_into_what_was_shared() {
        let text = robots(ORIGIN);
        for line in [
            "Disallow: /dashboard",
            "Disallow: /admin",
            "Disallow: /keys",
            "Allow: /playground/shared/",
            "Sitemap: https://models.example/sitemap.xml",
        ] {
            assert!(text.lines().any(|own| own == line), "{line}");
        }
        assert!(!text.contains("Disallow: /leaderboard") && !text.contains("Disallow: /api"));
    }

    #[test]
    fn names_are_not_markup_in_the_text_for_models() {
        assert!(
            llms("Quadrille", ORIGIN, &listed()).contains("- [ x (javascript:)](https://models.example/leaderboard/x)")
        );
    }
}
