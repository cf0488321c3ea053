//! An event stream of an upstream that has begun: bytes go through the rewriter as they arrive.

use upstream::{Passthrough, UpstreamError};

use super::{
    error::Failure,
    rewrite::{Rewriter, StreamError},
};

/// A stream whose first event has arrived.
pub(super) struct OpenedStream {
    pub passthrough: Passthrough,
    pub rewriter: Rewriter,
    /// Rewritten bytes that have not been sent yet.
    pub out: Vec<u8>,
    /// Whether the upstream has closed the stream.
    pub is_closed: bool,
}

impl OpenedStream {
    /// Reads up to the first event.
    ///
    /// # Errors
    ///
    /// The upstream fails, reports an error or closes the stream before the first event, so that another model can still take
    /// over.
    pub(super) async fn open(passthrough: Passthrough, public_name: &str, strips_usage: bool) -> Result<Self, Failure> {
        let rewriter = Rewriter::new(public_name, strips_usage);
        let mut opened = Self { passthrough, rewriter, out: Vec::new(), is_closed: false };
        while opened.out.is_empty() && !opened.rewriter.is_done() && !opened.is_closed {
            opened.read_more().await?;
        }
        if opened.is_closed && !opened.rewriter.is_complete() && opened.out.is_empty() {
            return Err(UpstreamError::cut_off().into());
        }
        Ok(opened)
    }

    /// Reads the next bytes of the upstream into `out`. Cancel-safe: dropping the future loses no bytes.
    ///
    /// # Errors
    ///
    /// The upstream fails, reports an error, or sends an event that is too large.
    pub(super) async fn read_more(&mut self) -> Result<(), UpstreamError> {
        let read = self.passthrough.chunk().await?;
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
