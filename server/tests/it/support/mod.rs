//! What the tests bring along: the outside world, faked.

pub(crate) mod admin;
pub(crate) mod app;
pub(crate) mod detour;
pub(crate) mod events;
pub(crate) mod fake_upstream;
pub(crate) mod lookup;
pub(crate) mod site;
pub(crate) mod tls;
pub(crate) mod traffic;
