//! Relays an event stream to the caller as it arrives. The relay runs in a task of the server, not of the connection: it
//! notices when the caller disconnects, ends the upstream call and completes the usage record in any case.

use upstream::UpstreamError;

use super::{
    caller::{Caller, Disconnected},
    error::Failure,
    opened_stream::OpenedStream,
    request::ChatCall,
    usage_recorder::UsageRecorder,
};

/// How a relay ended.
enum RelayEnd {
    /// The upstream has said that it is complete, whatever is in it.
    Complete,
    Failed(Failure),
    /// The caller disconnected or stopped reading.
    Disconnected,
}

/// Sends the response's head, if it has not been sent, then its body until the stream ends, and completes the usage record
/// before the caller sees that end.
pub(super) async fn relay(mut opened: OpenedStream, mut call: ChatCall, recorder: UsageRecorder, mut caller: Caller) {
    caller.begin_stream(opened.passthrough.content_type(), &recorder);
    call.release_body();
    let end = forward(&mut opened, &mut caller).await;
    let tokens_in = || call.estimated_tokens();
    let progress = opened.rewriter.progress();
    match end {
        RelayEnd::Complete => {
            recorder.completed(progress, progress.ending(call.choices), tokens_in).await;
            caller.send_last(opened.rewriter.take_end()).await;
            drop(caller);
            opened.passthrough.drain().await;
        }
        RelayEnd::Failed(failure) => {
            recorder.interrupted(failure.class, progress, tokens_in).await;
            caller.send_last(failure.to_event()).await;
        }
        RelayEnd::Disconnected => recorder.disconnected(true, Some(progress), tokens_in).await,
    }
}

async fn forward(opened: &mut OpenedStream, caller: &mut Caller) -> RelayEnd {
    loop {
        if !opened.out.is_empty() {
            let piece = std::mem::take(&mut opened.out);
            match opened.passthrough.within_silence(caller.send(piece)).await {
                Some(Ok(())) => {}
                // A caller who reads nothing for as long as an upstream may be silent counts as disconnected.
                Some(Err(Disconnected)) | None => return RelayEnd::Disconnected,
            }
        }
        if opened.rewriter.progress().is_done {
            return RelayEnd::Complete;
        }
        if opened.is_closed {
            return match opened.rewriter.is_complete() {
                true => RelayEnd::Complete,
                false => RelayEnd::Failed(UpstreamError::cut_off().into()),
            };
        }
        let read = tokio::select! {
            biased;
            read = opened.read_more() => read,
            () = caller.closed() => return RelayEnd::Disconnected,
        };
        if let Err(error) = read {
            // Events that arrived together with the failure are still forwarded.
            caller.send_last(std::mem::take(&mut opened.out)).await;
            // If only the token counts are missing, the response is complete.
            return if opened.rewriter.is_complete() { RelayEnd::Complete } else { RelayEnd::Failed(error.into()) };
        }
    }
}
