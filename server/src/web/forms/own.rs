//! The forms of `/keys` and `/routing`, which call their port directly: see [`super::table::Action`].

use app::keys::KeyForm;
use domain::{
    accounts::Viewer,
    error::AppError,
    keys::KeysPort,
    routing::{RouteRequest, RoutingPort},
};

use super::Done;

/// Creates a key and shows it with its secret, or changes one and goes back to the list.
///
/// # Errors
///
/// [`AppError::Malformed`] without an id; otherwise those of the port.
pub(super) async fn save_key(
    keys: &dyn KeysPort,
    viewer: &Viewer,
    fields: &[(String, String)],
) -> Result<Done, AppError> {
    let form = KeyForm::read(fields);
    let id = form.id.ok_or_else(|| AppError::Malformed("The form is incomplete. Load the page anew.".into()))?;
    if form.is_change {
        keys.change(viewer, id, form.change()?).await?;
        return Ok(Done::Redirect(format!("/keys?saved={id}")));
    }
    let key = keys.create(viewer, id, form.request()?).await?;
    serde_json::to_value(key).map(Done::Show).map_err(|_| AppError::Internal)
}

/// Saves the list for `auto`.
///
/// # Errors
///
/// Those of the port.
pub(super) async fn save_route(
    routing: &dyn RoutingPort,
    viewer: &Viewer,
    fields: &[(String, String)],
) -> Result<Done, AppError> {
    routing.save(viewer, RouteRequest::read(fields)).await?;
    Ok(Done::Redirect("/routing?saved=1".into()))
}
