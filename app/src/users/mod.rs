//! Accounts, for admins: who is there, who may come, who has to go.

mod api;
mod page;

pub use page::UsersPage;
