//! The command line: its grammar, one file for each command, and the exit code.

mod admin;
mod catalog;
mod command_line;
mod demo;
mod doctor;
mod keys;
mod migrate;
mod resources;
mod rollup;
mod run;
mod serve;

pub use command_line::{AdminCommand, CatalogCommand, Cli, Command, DemoCommand, KeysCommand};
pub use run::run;
