//! What pages need to know of the site they belong to. Provided as `Arc<SiteInfo>` by the server.

/// The site.
#[derive(Clone, Debug)]
pub struct SiteInfo {
    /// Shown in titles and beside the mark.
    pub name: String,
    /// The origin of canonical URLs, without a slash at its end.
    pub public_url: String,
    /// Whether the models are simulated; every page then says so.
    pub is_simulated: bool,
    /// The names of the built files.
    pub assets: Assets,
}

/// The built files, as they are called under `/pkg/`.
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
