//! Accounts, for admins: who is there, who may come, who has to go.

mod api;
mod page;
mod port;
mod types;

pub use page::PeoplePage;
pub use port::PeoplePort;
pub use types::{Invitation, InviteRequest, People, Person, PersonEdit};
