//! Statements on `users`, `sign_ins` and `invites`. They decide nothing; the services do.

mod invites;
mod role;
mod sign_ins;
mod users;

pub(super) use invites::{Invite, accept_invite, find_invite, insert_invite};
pub(crate) use role::stored_role;
pub(crate) use sign_ins::delete_sign_ins_of;
pub(super) use sign_ins::{
    NewSignIn, delete_expired_sign_ins, delete_sign_in, find_viewer, insert_sign_in, sign_ins_of, touch_sign_in,
    trim_sign_ins,
};
pub(super) use users::{
    Account, NewUser, created_at, find_account, find_data_key, has_admin, hold_password, insert_user, make_admin,
    replace_password,
};
