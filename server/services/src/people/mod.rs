//! Accounts, for admins: list, invite, change, delete.

mod api;
mod repo;
mod service;

pub use api::{PeopleDoc, router};
pub use service::PeopleService;
