//! `robots.txt`, the sitemap and `llms.txt`.

use std::fmt::Write;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::leaderboard::Listed;

/// Crawling is allowed everywhere but behind the sign-in. Shared comparisons are marked `noindex`; crawlers must be allowed to
/// fetch them to see that.
pub(super) fn robots(origin: &str) -> String {
    let closed = ["/dashboard", "/admin", "/account", "/keys", "/routing", "/playground", "/_server/"];
    let mut text = String::from("User-agent: *\nAllow: /playground/shared/\n");
    for path in closed {
        let _ = writeln!(text, "Disallow: {path}");
    }
    let _ = writeln!(text, "\nSitemap: {origin}/sitemap.xml");
    text
}

/// The sitemap: every public page, with its last change where that is known. `updated_at` is that of the leaderboard.
pub(super) fn sitemap(origin: &str, models: &[Listed], updated_at: Option<DateTime<Utc>>) -> String {
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
    page("/leaderboard", updated_at);
    page("/leaderboard/method", None);
    for model in models {
        page(&format!("/leaderboard/{}", model.slug), Some(model.updated_at));
    }
    xml.push_str("</urlset>\n");
    xml
}

/// `llms.txt`: an overview of the site for language models.
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

/// Escapes text for XML.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "https://models.example";

    fn listed() -> Vec<Listed> {
        let listed = |name: &str, slug: &str, time: &str| Listed {
            public_name: name.into(),
            slug: slug.into(),
            updated_at: time.parse().unwrap(),
        };
        vec![
            listed("acme/qwen-pro", "acme-qwen-pro", "2026-11-21T09:05:00.123456Z"),
            listed("[x](javascript:)", "x", "2026-11-20T08:00:00Z"),
        ]
    }

    #[test]
    fn the_sitemap_lists_every_model_with_a_true_time_and_the_board_with_one_or_none() {
        let xml = sitemap(ORIGIN, &listed(), Some("2026-11-21T10:05:00Z".parse().unwrap()));
        for entry in [
            "/leaderboard</loc><lastmod>2026-11-21T10:05:00Z</lastmod></url>",
            "/leaderboard/acme-qwen-pro</loc><lastmod>2026-11-21T09:05:00Z</lastmod></url>",
            "/leaderboard/x</loc><lastmod>2026-11-20T08:00:00Z</lastmod></url>",
            "/leaderboard/method</loc></url>",
        ] {
            assert!(xml.contains(&format!("<loc>{ORIGIN}{entry}")), "{entry} is missing: {xml}");
        }
        assert_eq!(xml.matches("<url>").count(), 5);
        assert!(sitemap(ORIGIN, &[], None).contains(&format!("<loc>{ORIGIN}/leaderboard</loc></url>")));
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
