//! Configuration: the command line and the environment, read once, checked in one place, handed on as [`Settings`].
//! Nothing else in the server reads the environment.

mod cli;
mod master_key;
mod parse;
mod process_env;
mod settings;

pub use cli::{AdminCommand, CatalogCommand, Cli, Command, DemoCommand, KeysCommand, Options, parse_command_line};
pub use master_key::{MasterKey, MasterKeySource, add_generated_key, keep_primary_key, load_master_keys};
pub use parse::HostPort;
pub use process_env::ProcessEnv;
pub use settings::{AccountSettings, FirstAdmin, Settings, UpstreamSettings};
