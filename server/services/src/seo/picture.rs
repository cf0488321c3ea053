//! The picture of a link preview: an SVG, rasterised with embedded fonts, so that it does not depend on the machine's.

use std::sync::{Arc, LazyLock};

use domain::{
    Usd, format,
    leaderboard::{BoardStats, Entry, ModelPage},
};
use foundation::error::Error;
use resvg::{
    tiny_skia::{Pixmap, Transform},
    usvg::{Options, Tree, fontdb::Database},
};

use super::text::escape;

const WIDTH: u32 = 1200;
const HEIGHT: u32 = 630;

/// Liberation fonts; their licence is in the same folder.
static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    for font in [
        include_bytes!("../../fonts/LiberationSans-Regular.ttf").as_slice(),
        include_bytes!("../../fonts/LiberationSans-Bold.ttf"),
        include_bytes!("../../fonts/LiberationMono-Bold.ttf"),
        include_bytes!("../../fonts/LiberationSerif-Bold.ttf"),
    ] {
        fonts.load_font_data(font.to_vec());
    }
    Arc::new(fonts)
});

/// Rasterises an SVG to a PNG. Blocks for tens of milliseconds: call it from a blocking thread.
pub(crate) fn png(svg: &str) -> Result<Vec<u8>, Error> {
    let options = Options { fontdb: FONTS.clone(), font_family: "Liberation Sans".into(), ..Options::default() };
    let broken = |problem: String| Error::Internal(format!("a picture cannot be drawn: {problem}"));
    let tree = Tree::from_str(svg, &options).map_err(|error| broken(error.to_string()))?;
    let mut pixels = Pixmap::new(WIDTH, HEIGHT).ok_or_else(|| broken("no room".into()))?;
    resvg::render(&tree, Transform::identity(), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| broken(error.to_string()))
}

/// A model with its key statistics.
pub(super) fn model(page: &ModelPage, site_name: &str) -> String {
    let entry = &page.entry;
    let rank = match entry.rank {
        Some(rank) => format!("Rank {rank} of {}", page.ranked),
        None => "Not ranked yet".into(),
    };
    let price = entry.output_price_per_million_usd.as_ref().map_or(format::UNKNOWN.into(), Usd::display);
    let stats = [
        ("Success", format::percent(entry.success_rate)),
        ("Latency p95", format::duration(entry.p95_latency_ms)),
        ("Speed", format::speed(entry.tokens_per_second)),
        ("Output price / M", price),
    ];
    let name: String = shortened(&entry.model_public_name, 44);
    let size = if name.chars().count() > 26 { 44 } else { 64 };
    let columns: String = (0..)
        .zip(stats)
        .map(|(i, (title, value))| {
            let x = 72 + i * 272;
            format!(
                r##"<text x="{x}" y="424" font-size="26" fill="#5c6975">{title}</text><text x="{x}" y="478" font-size="44" font-weight="bold" fill="#18212c">{}</text>"##,
                escape(&value)
            )
        })
        .collect();
    let body = format!(
        r##"<text x="72" y="212" font-size="28" fill="#465463">{rank} · {} days · {} requests{}</text>
        <text x="70" y="296" font-family="Liberation Mono" font-weight="bold" font-size="{size}" fill="#18212c">{}</text>
        <path d="M72 366H1128" stroke="#a9b4be" stroke-width="2"/>{columns}"##,
        page.window.days(),
        escape(&format::count(Some(entry.requests))),
        if entry.is_simulated { " · simulated" } else { "" },
        escape(&name),
    );
    sheet(site_name, &body)
}

/// The first five of the board.
pub(super) fn board(board: &BoardStats, site_name: &str) -> String {
    let rows: String = (0..)
        .zip(board.entries.iter().take(5))
        .map(|(i, entry): (i32, &Entry)| {
            let y = 322 + i * 56;
            format!(
                r##"<text x="72" y="{y}" font-size="30" fill="#5c6975">{}</text><text x="120" y="{y}" font-family="Liberation Mono" font-weight="bold" font-size="30" fill="#18212c">{}</text>
                <text x="860" y="{y}" font-size="30" fill="#18212c" text-anchor="end">{}</text><text x="1128" y="{y}" font-size="30" fill="#18212c" text-anchor="end">{}</text>"##,
                entry.rank.unwrap_or_default(),
                escape(&shortened(&entry.model_public_name, 30)),
                escape(&format::percent(entry.success_rate)),
                escape(&format::duration(entry.p95_latency_ms)),
            )
        })
        .collect();
    let heads = r##"<text x="860" y="262" font-size="24" fill="#5c6975" text-anchor="end">Success</text><text x="1128" y="262" font-size="24" fill="#5c6975" text-anchor="end">p95 latency</text>"##;
    let heads = if board.entries.is_empty() { "" } else { heads };
    let title = r##"<text x="72" y="214" font-family="Liberation Serif" font-weight="bold" font-size="64" fill="#18212c">Leaderboard</text>"##;
    let simulated = match board.entries.iter().any(|entry| entry.is_simulated) {
        true => r##"<text x="1128" y="214" font-size="28" fill="#465463" text-anchor="end">simulated traffic</text>"##,
        false => "",
    };
    sheet(site_name, &format!("{title}{simulated}{heads}{rows}"))
}

/// Squared paper with the mark and the site's name.
pub(crate) fn sheet(site_name: &str, body: &str) -> String {
    let down: String = (1..38).map(|i| format!("M{} 0V630", i * 32)).collect();
    let across: String = (1..20).map(|i| format!("M0 {}H1200", i * 32)).collect();
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="Liberation Sans">
        <rect width="1200" height="630" fill="#fbfaf7"/><path d="{down}{across}" stroke="#e8eef3" stroke-width="1"/>
        <rect width="1200" height="8" fill="#1d4b88"/>
        <rect x="72" y="64" width="22" height="22" fill="#0067a5"/><rect x="98" y="64" width="22" height="22" fill="#b04600"/>
        <rect x="72" y="90" width="22" height="22" fill="#00745a"/><rect x="98" y="90" width="22" height="22" fill="#8f3f78"/>
        <text x="142" y="102" font-family="Liberation Serif" font-weight="bold" font-size="38" fill="#18212c">{}</text>{body}</svg>"##,
        escape(&shortened(site_name, 40))
    )
}

/// Cut to this many characters, without those that XML forbids.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use domain::leaderboard::{ModelInfo, Tally, Window};

    use super::*;

    #[test]
    fn a_drawing_becomes_pixels_of_the_size_that_previews_want() {
        let png = png(&sheet("A & <site>\u{1}", "<text x=\"72\" y=\"300\" font-size=\"64\">99.81 %</text>")).unwrap();
        assert!(png.starts_with(b"\x89PNG\r\n"));
        assert_eq!(png[16..24], [WIDTH.to_be_bytes(), HEIGHT.to_be_bytes()].concat()[..]);
    }

    #[test]
    fn shares_are_those_of_the_page() {
        let info = ModelInfo { public_name: "acme/qwen".into(), slug: "acme-qwen".into(), ..ModelInfo::default() };
        for (successes, shown) in [(99_819, "99.82"), (99_999, "99.99"), (100_000, "100"), (0, "0")] {
            let entry = Entry::new(info.clone(), &Tally { requests: 100_000, successes, ..Tally::default() });
            let success = format::percent(entry.success_rate);
            assert!(success.starts_with(shown), "{success}");
            let stats = BoardStats { entries: vec![entry.clone()], ..BoardStats::default() };
            assert!(board(&stats, "").contains(&escape(&success)), "{success} is on the board's");
            let page = ModelPage {
                window: Window::Week,
                generated_at: DateTime::UNIX_EPOCH,
                since: DateTime::UNIX_EPOCH,
                until: DateTime::UNIX_EPOCH,
                entry,
                ranked: 1,
                errors: Vec::new(),
                hourly: Vec::new(),
                age_s: None,
            };
            assert!(model(&page, "").contains(&escape(&success)), "{success} is on the model's");
        }
    }

    #[test]
    fn words_leave_ink_on_the_paper() {
        let ink = |body: &str| png(&sheet("", body)).unwrap();
        let words =
            |font: &str| format!("<text x=\"72\" y=\"300\" font-size=\"64\" font-family=\"{font}\">acme/qwen</text>");
        for font in ["Liberation Sans", "Liberation Mono", "Liberation Serif"] {
            assert_ne!(ink(""), ink(&words(font)), "{font} is there");
        }
    }
}
