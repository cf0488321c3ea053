//! The folder of files that the server hands out.

use std::{
    fmt, fs,
    io::Write,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{Outcome, bind, css, minify, options::Options};

/// How many bytes a browser must load before a page can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Payload {
    /// The glue.
    pub(crate) js: u64,
    /// The program.
    pub(crate) wasm: u64,
    /// The style sheet.
    pub(crate) css: u64,
}

impl Payload {
    /// All three together.
    pub(crate) fn total(self) -> u64 {
        self.js + self.wasm + self.css
    }
}

impl fmt::Display for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kilobytes = |bytes: u64| format!("{:.1} kB", bytes as f64 / 1000.0);
        write!(f, "browser payload: {} = ", kilobytes(self.total()))?;
        write!(
            f,
            "{} WebAssembly + {} script + {} style",
            kilobytes(self.wasm),
            kilobytes(self.js),
            kilobytes(self.css)
        )
    }
}

/// A hash of everything that the site depends on: this program too.
pub(crate) fn inputs(options: &Options) -> Outcome<String> {
    let mut hash = Sha256::new();
    let mut add = |file: &Path| -> Outcome<()> {
        let content = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
        hash.update(file.as_os_str().as_encoded_bytes());
        hash.update((content.len() as u64).to_le_bytes());
        hash.update(content);
        Ok(())
    };
    add(&std::env::current_exe()?)?;
    add(&options.wasm)?;
    for file in files_below(&options.style)? {
        add(&file)?;
    }
    if let Some(program) = &options.wasm_opt {
        add(program)?;
    }
    if let Some(program) = &options.esbuild {
        hash.update(minify::version(program)?);
    }
    Ok(hex(&hash.finalize()))
}

/// The figures of the site that is there, if it was made from the same inputs.
pub(crate) fn unchanged(site: &Path, inputs: &str) -> Option<Payload> {
    let manifest: Value = serde_json::from_slice(&fs::read(site.join("manifest.json")).ok()?).ok()?;
    let bytes = |name: &str| manifest["payload"][name].as_u64();
    (manifest["inputs"] == inputs).then_some(Payload { js: bytes("js")?, wasm: bytes("wasm")?, css: bytes("css")? })
}

/// Makes the site beside its place and then moves it there, so that a half-made one is never served.
pub(crate) fn build(options: &Options, inputs: &str) -> Outcome<Payload> {
    let draft = options.site.with_extension("draft");
    if draft.exists() {
        fs::remove_dir_all(&draft)?;
    }
    fs::create_dir_all(draft.join("pkg"))?;
    let program = bind::bind(&options.wasm, options.wasm_opt.as_deref(), &draft)?;
    let main = options.style.join("main.css");
    let (script, style) = match &options.esbuild {
        Some(esbuild) => (minify::script(esbuild, &program.js, &draft)?, minify::style(esbuild, &main)?),
        None => (program.js, css::concatenate(&main)?.into_bytes()),
    };
    let (js, js_bytes) = add_hashed(&draft, "js", &script, options.compress)?;
    let (wasm, wasm_bytes) = add_hashed(&draft, "wasm", &program.wasm, options.compress)?;
    let (css, css_bytes) = add_hashed(&draft, "css", &style, options.compress)?;
    let assets = options.style.join("assets");
    for file in files_below(&assets)? {
        let place = draft.join(file.strip_prefix(&assets)?);
        place.parent().map_or(Ok(()), fs::create_dir_all)?;
        write(&place, &fs::read(&file)?, options.compress)?;
    }
    let payload = Payload { js: js_bytes, wasm: wasm_bytes, css: css_bytes };
    let manifest = json!({
        "js": js, "wasm": wasm, "css": css, "inputs": inputs, "optimised": options.wasm_opt.is_some() && options.esbuild.is_some(),
        "compressed": options.compress,
        "payload": {"js": payload.js, "wasm": payload.wasm, "css": payload.css},
    });
    fs::write(draft.join("manifest.json"), serde_json::to_vec_pretty(&manifest)?)?;
    if options.site.exists() {
        fs::remove_dir_all(&options.site)?;
    }
    fs::rename(&draft, &options.site)?;
    Ok(payload)
}

/// Writes `pkg/quadrille.HASH.EXTENSION`. Returns its name and the size that a browser loads.
fn add_hashed(site: &Path, extension: &str, content: &[u8], compress: bool) -> Outcome<(String, u64)> {
    let hash = hex(&Sha256::digest(content)[..8]);
    let name = format!("quadrille.{hash}.{extension}");
    let size = write(&site.join("pkg").join(&name), content, compress)?;
    Ok((name, size))
}

/// Writes a file and, where that pays, `.br` and `.gz` beside it. Returns the size that a browser loads (of the `.br`).
fn write(place: &Path, content: &[u8], compress: bool) -> Outcome<u64> {
    fs::write(place, content)?;
    let extension = place.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    if !compress
        || !matches!(extension, "js" | "wasm" | "css" | "svg" | "txt" | "json" | "webmanifest" | "xml" | "html")
    {
        return Ok(content.len() as u64);
    }
    let mut brotli = Vec::new();
    let params =
        brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, size_hint: content.len(), ..Default::default() };
    brotli::BrotliCompress(&mut &content[..], &mut brotli, &params)?;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::new(9));
    gzip.write_all(content)?;
    for (suffix, compressed) in [("br", &brotli), ("gz", &gzip.finish()?)] {
        fs::write(place.with_extension(format!("{extension}.{suffix}")), compressed)?;
    }
    Ok(brotli.len() as u64)
}

/// Every file of a folder, in an order that does not depend on the machine. A folder that is not there has none.
fn files_below(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut files = Vec::new();
    if folder.is_dir() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() { files.extend(files_below(&path)?) } else { files.push(path) }
        }
    }
    files.sort();
    Ok(files)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_compressed_files_hold_the_same_text() -> Outcome<()> {
        let folder = std::env::temp_dir().join(format!("bundle-site-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let content = "a { color: red } ".repeat(100);
        let size = write(&folder.join("a.css"), content.as_bytes(), true)?;
        let brotli = fs::read(folder.join("a.css.br"))?;
        assert_eq!(size, brotli.len() as u64);
        let mut opened = Vec::new();
        brotli::BrotliDecompress(&mut &brotli[..], &mut opened)?;
        assert_eq!(opened, content.as_bytes());
        let mut opened = Vec::new();
        std::io::copy(&mut flate2::read::GzDecoder::new(&fs::read(folder.join("a.css.gz"))?[..]), &mut opened)?;
        assert_eq!(opened, content.as_bytes());

        assert_eq!(write(&folder.join("a.png"), b"pixels", true)?, 6);
        assert!(!folder.join("a.png.br").exists());
        assert_eq!(write(&folder.join("b.css"), content.as_bytes(), false)?, content.len() as u64);
        assert!(!folder.join("b.css.br").exists());
        fs::remove_dir_all(folder)?;
        Ok(())
    }
}
