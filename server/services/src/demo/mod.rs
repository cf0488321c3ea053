//! A simulated upstream, so that everything can be tried without a key: an OpenAI-compatible server on a loopback port
//! with four models of clearly different speed, price and manner. Their answers are made by rules and state that.
//!
//! A prompt that contains `[fail]` makes `demo/poet` answer 429, to see what a failed card looks like beside three good
//! ones. One that begins with `[echo] ` is answered with the text after that, to test how it is rendered.

mod answer;
mod models;
mod repo;
mod seed;
mod server;
mod tokens;
mod traffic;

pub use models::{DemoModel, models};
pub use seed::{seed, seed_forever};
pub use server::{DemoUpstream, start, start_at_speed};
