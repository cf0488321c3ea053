//! Accounts, for admins: list, invite, change, delete.

mod api;
mod repo;
mod service;

pub use api::{UsersDoc, router};
pub use service::UserService;
