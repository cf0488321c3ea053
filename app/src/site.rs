//! Facts about this installation that pages show. Provided as `Arc<SiteInfo>` by the server.

/// This installation.
#[derive(Clone, Debug)]
pub struct SiteInfo {
    /// Shown in titles and beside the logo.
    pub name: String,
    /// The origin of canonical URLs, without a trailing slash.
    pub public_url: String,
    /// Whether the models are simulated; every page then shows a notice.
    pub is_simulated: bool,
    /// The file names of the built site.
    pub assets: Assets,
}

/// The built files, by their names under `/pkg/`.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct Assets {
    pub js: String,
    pub wasm: String,
    pub css: String,
}

impl SiteInfo {
    /// The path of a built file.
    pub fn asset(&self, name: &str) -> String {
        format!("/pkg/{name}")
    }
}
