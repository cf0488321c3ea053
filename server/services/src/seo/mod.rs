//! For search engines and link previews: `/sitemap.xml`, `/robots.txt`, `/llms.txt`, and a picture of every model.

mod api;
mod picture;
mod text;

pub use api::router;
pub(crate) use picture::{png, sheet, shortened};
pub(crate) use text::escape;
