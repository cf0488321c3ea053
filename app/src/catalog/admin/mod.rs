//! The catalogue for admins: upstreams, models, direct tests. Server-rendered pages with plain forms; none of it is
//! compiled into the WebAssembly.

mod adjustments;
mod api;
mod catalog_page;
mod file_api;
mod form;
mod health;
mod import_page;
mod model_page;
mod models_page;
mod report;
mod test_page;
mod upstream_page;
mod upstream_presets;
mod upstreams_page;

pub use catalog_page::CatalogPage;
pub use health::{UnwellModels, unwell_models};
pub use import_page::ImportPage;
pub use model_page::{ModelPage, NewModelPage};
pub use models_page::ModelsPage;
pub use test_page::TestPage;
pub use upstream_page::{NewUpstreamPage, UpstreamPage};
pub use upstreams_page::UpstreamsPage;
