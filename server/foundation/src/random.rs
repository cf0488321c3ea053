//! The only source of randomness: the operating system's generator.

use crate::error::Error;

/// Fills the buffer with random bytes that are fit for keys, nonces and tokens. Blocks only early in the boot of the machine,
/// until the system has gathered entropy.
///
/// # Errors
/// [`Error::Encryption`] if the system has no generator.
pub fn fill(bytes: &mut [u8]) -> Result<(), Error> {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the system")]
    getrandom::fill(bytes).map_err(|_| Error::Encryption("no randomness available"))
}
