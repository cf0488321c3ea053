//! User management, for admins: accounts and invitations.

mod api;
mod page;

pub use page::UsersPage;
