//! The description of the JSON API, gathered from the rooms.

use utoipa::{OpenApi, openapi};

use crate::{auth::AccountDoc, catalog::CatalogDoc, playground::PlaygroundDoc};

#[derive(OpenApi)]
#[openapi(info(title = "Quadrille", description = "The same prompt to up to four models, side by side."))]
struct House;

/// Everything under `/api`.
pub(super) fn document() -> openapi::OpenApi {
    let mut document = House::openapi();
    for room in [AccountDoc::openapi(), CatalogDoc::openapi(), PlaygroundDoc::openapi()] {
        document.merge(room);
    }
    document
}
