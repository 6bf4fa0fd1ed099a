//! Use cases around sign-in and tenancy: who exists, and the groups that vaults lie in.

mod groups;

pub use groups::{delete_group, put_group};
