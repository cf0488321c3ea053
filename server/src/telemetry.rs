//! The log: one line for each event, as text on a terminal and as JSON elsewhere.

use std::io::{self, IsTerminal, Write};

use foundation::error::OperatorError;
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

/// Starts logging to standard error. Panics are logged too, without their message, which may quote what a user wrote.
///
/// # Errors
/// A usage error where the filter cannot be parsed.
pub fn init(filter: &str) -> Result<(), OperatorError> {
    let filter = EnvFilter::try_new(filter).map_err(|_| {
        OperatorError::usage("QUADRILLE_LOG is not a filter", "set it to something like `info` or `warn,server=debug`")
    })?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(OneLine);
    let started = if io::stderr().is_terminal() { log.try_init() } else { log.json().flatten_event(true).try_init() };
    if started.is_ok() {
        std::panic::set_hook(Box::new(log_panic));
    }
    Ok(())
}

fn log_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    // A development build handles no users' data.
    let message = if cfg!(debug_assertions) { panic.payload_as_str().unwrap_or_default() } else { "" };
    tracing::error!(message, "panicked at {place}");
}

/// Writes each event as exactly one line: a line break or a terminal's control sequence in a logged value can neither forge
/// a second line nor control the terminal on which the log is read.
#[derive(Clone, Copy)]
struct OneLine;

impl<'a> MakeWriter<'a> for OneLine {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self
    }
}

impl Write for OneLine {
    /// The subscriber writes one whole event at a time.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        io::stderr().lock().write_all(one_line(&String::from_utf8_lossy(event)).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

fn one_line(event: &str) -> String {
    let text = event.strip_suffix('\n').unwrap_or(event);
    let mut line = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_whatever_it_quotes() {
        let forged = "INFO signed in email=a\r\nINFO admin \u{1b}[2Jdone\u{9b}31m\u{202e}x\tü\n";
        assert_eq!(one_line(forged), "INFO signed in email=a\\r\\nINFO admin \\u{1b}[2Jdone\\u{9b}31m\\u{202e}x\\tü\n");
    }
}
