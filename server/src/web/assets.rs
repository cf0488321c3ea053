//! Static files: script, WebAssembly and style sheet, built, hashed and pre-compressed by `bundle`.

use std::path::{Path, PathBuf};

use app::site::Assets;
use axum::{
    Router,
    http::{HeaderValue, header},
    routing::get_service,
};
use foundation::error::{Error, OperatorError};
use tower_http::{
    services::{ServeDir, ServeFile},
    set_header::SetResponseHeader,
};

/// The folder of static files.
#[derive(Clone, Debug)]
pub struct Site {
    root: PathBuf,
    assets: Assets,
}

impl Site {
    /// Opens the folder and reads its manifest.
    #[expect(clippy::disallowed_methods, reason = "at start-up, before anything is served")]
    pub fn open(root: &Path) -> Result<Self, Error> {
        let manifest = root.join("manifest.json");
        let refuse = |problem: String| {
            OperatorError::new(problem, "run `make build`, or set QUADRILLE_SITE_DIR to where they are")
        };
        let text = std::fs::read(&manifest)
            .map_err(|error| refuse(format!("the site's files cannot be read in {}: {error}", root.display())))?;
        let assets = serde_json::from_slice(&text)
            .map_err(|error| refuse(format!("{} is not the list of the site's files: {error}", manifest.display())))?;
        Ok(Self { root: root.to_owned(), assets })
    }

    /// The names of the files that pages load.
    pub fn assets(&self) -> Assets {
        self.assets.clone()
    }

    /// Serves the files: those with a hash in their name are cached for a year, the others for an hour.
    pub fn router(&self) -> Router {
        let hashed = ServeDir::new(self.root.join("pkg")).precompressed_br().precompressed_gzip();
        let plain = |name: &str| {
            let file = ServeFile::new(self.root.join(name)).precompressed_br().precompressed_gzip();
            get_service(cached(file, "public, max-age=3600"))
        };
        Router::new()
            .nest_service("/pkg", cached(hashed, "public, max-age=31536000, immutable"))
            .route("/favicon.svg", plain("favicon.svg"))
            .route("/favicon.ico", plain("favicon.svg"))
    }
}

fn cached<S>(service: S, value: &'static str) -> SetResponseHeader<S, HeaderValue> {
    SetResponseHeader::if_not_present(service, header::CACHE_CONTROL, HeaderValue::from_static(value))
}
