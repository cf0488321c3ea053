//! Roles as they are stored.

use domain::accounts::Role;

/// The role of a stored word. The tables admit no word but those of the roles; any other would give the fewest rights.
pub(crate) fn stored_role(word: &str) -> Role {
    Role::parse(word).unwrap_or(Role::Member)
}
