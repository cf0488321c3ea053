//! An event stream of an upstream that has begun: bytes go through the rewriter as they arrive.

use upstream::{Passthrough, Stage, UpstreamError};

use super::{
    error::Failure,
    rewrite::{RewriteSettings, Rewriter, StreamError},
};

/// Bytes that are held back before the first output. An upstream that sends more without answering is passed on as it is.
const HELD_LIMIT: usize = 256 * 1024;

/// A stream whose first output has arrived.
pub(super) struct OpenedStream {
    pub passthrough: Passthrough,
    pub rewriter: Rewriter,
    /// Rewritten bytes that have not been sent yet.
    pub out: Vec<u8>,
    /// Whether the upstream has closed the stream.
    pub is_closed: bool,
}

impl OpenedStream {
    /// Reads up to the first output. Comments, the chunk with the role and empty deltas before it are held back, so that
    /// nothing has been sent to the caller if another model has to take over.
    ///
    /// # Errors
    ///
    /// The upstream fails, reports an error or ends the stream before the first output. An answer that ends properly without
    /// output is no error.
    pub(super) async fn open(passthrough: Passthrough, settings: RewriteSettings) -> Result<Self, Failure> {
        let rewriter = Rewriter::new(settings);
        let mut opened = Self { passthrough, rewriter, out: Vec::new(), is_closed: false };
        while !opened.is_committed() {
            opened.read_more().await?;
        }
        let progress = opened.rewriter.progress();
        if !progress.has_output() && !progress.has_begun() && progress.is_done {
            return Err(UpstreamError::bad_response("nothing").into());
        }
        if !progress.has_output() && opened.is_closed && !opened.rewriter.is_complete() {
            return Err(if progress.is_damaged { UpstreamError::damaged() } else { UpstreamError::cut_off() }.into());
        }
        Ok(opened)
    }

    fn is_committed(&self) -> bool {
        let progress = self.rewriter.progress();
        progress.has_output() || progress.is_done || self.is_closed || self.out.len() > HELD_LIMIT
    }

    /// Reads the next bytes of the upstream into `out`. Cancel-safe: dropping the future loses no bytes.
    ///
    /// # Errors
    ///
    /// The upstream fails, reports an error, or sends an event that is too large.
    pub(super) async fn read_more(&mut self) -> Result<(), UpstreamError> {
        let stage = match self.rewriter.progress().has_output() {
            _ if self.rewriter.is_complete() => Stage::Finished,
            true => Stage::Moving,
            false => Stage::Beginning,
        };
        let read = self.passthrough.chunk(stage).await?;
        let rewritten = match &read {
            Some(bytes) => self.rewriter.push(bytes, &mut self.out),
            None => {
                self.is_closed = true;
                self.rewriter.finish(&mut self.out)
            }
        };
        rewritten.map_err(|error| match error {
            StreamError::Reported(object) => self.passthrough.failure(&object),
            StreamError::TooLarge => UpstreamError::too_large(),
        })
    }
}
