//! The image of a shared comparison's link preview: model names and metrics, no text of the prompt or the answers.

use domain::{
    Usd, format,
    position::letter,
    share::{SharedContent, SharedRun},
};

use crate::seo::{escape, sheet, shortened};

/// The colours of the four positions, as in the light theme.
const COLOURS: [&str; 4] = ["#0067a5", "#b04600", "#00745a", "#8f3f78"];

/// The image as SVG.
pub(super) fn drawing(content: &SharedContent, site_name: &str) -> String {
    let rows: String = (0..).zip(&content.runs).map(|(i, run)| row(290 + i * 80, run)).collect();
    let heads: String = [(760, "Total"), (950, "Speed"), (1128, "List price")]
        .map(|(x, name)| {
            format!(r##"<text x="{x}" y="226" font-size="24" fill="#5c6975" text-anchor="end">{name}</text>"##)
        })
        .concat();
    let title = r##"<text x="72" y="176" font-family="Liberation Serif" font-weight="bold" font-size="44" fill="#18212c">One prompt, side by side</text>"##;
    sheet(site_name, &format!("{title}{heads}{rows}"))
}

fn row(y: i32, run: &SharedRun) -> String {
    let position = usize::from(run.position).min(COLOURS.len() - 1);
    let stats = [
        (760, format::duration(run.result.latency_ms)),
        (950, format::speed(run.result.tokens_per_second)),
        (1128, run.result.list_cost_usd.as_ref().map_or(format::UNKNOWN.into(), Usd::display)),
    ];
    let stats: String = stats
        .map(|(x, value)| {
            let value = escape(&value.replace('\u{202f}', " "));
            format!(r##"<text x="{x}" y="{y}" font-size="28" font-weight="bold" fill="#18212c" text-anchor="end">{value}</text>"##)
        })
        .concat();
    format!(
        r##"<rect x="72" y="{}" width="36" height="36" rx="5" fill="{}"/><text x="90" y="{}" font-size="24" font-weight="bold" fill="#ffffff" text-anchor="middle">{}</text><text x="126" y="{y}" font-family="Liberation Mono" font-weight="bold" font-size="28" fill="#18212c">{}</text>{stats}"##,
        y - 28,
        COLOURS[position],
        y - 2,
        letter(position),
        escape(&shortened(&run.model, 28)),
    )
}
