//! Accounts as admins see them.

mod port;
mod types;

pub use port::UsersPort;
pub use types::{Invitation, InviteRequest, UserEdit, UserList, UserView};
