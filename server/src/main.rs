//! The binary: the allocator, and the command line passed on to [`server::cli`].

use std::{env, process::ExitCode};

/// jemalloc allocates the many small buffers of pages and streams faster than the system's allocator, and returns to the
/// system the 19 MB that hashing a password takes for a moment; `.cargo/config.toml` sets how soon. It is a cargo feature
/// because compiling its C code takes two minutes: the system's allocator is fine for trying the product, released and
/// measured builds turn the feature on.
#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    server::cli::run(env::args_os())
}
