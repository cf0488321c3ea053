//! Configuration: options and environment, read once, validated in one place, passed on as [`Settings`]. Nothing else in the
//! server reads the environment.

mod accounts;
mod master_key;
mod options;
mod parse;
mod process_env;
mod settings;
mod upstream;

pub use accounts::{AccountSettings, FirstAdmin};
pub use master_key::{MasterKey, MasterKeySource};
pub use options::Options;
pub use parse::HostPort;
pub use process_env::ProcessEnv;
pub use settings::Settings;
pub use upstream::UpstreamSettings;
