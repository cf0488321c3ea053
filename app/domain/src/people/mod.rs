//! Accounts as admins see them.

mod port;
mod types;

pub use port::PeoplePort;
pub use types::{Invitation, InviteRequest, People, Person, PersonEdit};
