//! Sending a call to one model without what this site adds, where the upstream does not take that.

use upstream::{Field, Negotiation, Passthrough, UpstreamClient, UpstreamError};

use super::request::ChatCall;
use crate::catalog::{CallableModel, CatalogService};

/// Sends a call. `stream_options`, by which this site requests the token counts of a stream, is left out where the upstream is
/// known not to take it, or says so now; that is remembered. What the caller sent is never changed: its refusal is returned.
///
/// # Errors
///
/// Those of [`UpstreamClient::passthrough`].
pub(super) async fn send(
    client: &UpstreamClient,
    catalog: &CatalogService,
    call: &ChatCall,
    model: &CallableModel,
) -> Result<Passthrough, UpstreamError> {
    let known = model.adjustments.iter().filter(|adjustment| adjustment.field() == Field::StreamOptions);
    let mut negotiation = Negotiation::new(known.collect());
    loop {
        let adds_usage = call.adds_usage() && negotiation.adjustments().is_empty();
        let body = call.body_for(&model.upstream_model, adds_usage);
        match client.passthrough(&model.target, body, call.is_stream).await {
            Ok(answer) => {
                catalog.remember(model, negotiation.lessons());
                return Ok(answer);
            }
            Err(error) => {
                let is_ours = |field| field == Field::StreamOptions && adds_usage;
                if !negotiation.refused(error.complaint, error.detail.as_deref(), is_ours) {
                    return Err(error);
                }
            }
        }
    }
}
