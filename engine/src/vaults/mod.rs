//! Vaults: create, read, change, delete, list.

mod change;
mod delete;
mod deleted;
mod find;
mod list;
mod put;

pub use change::{VaultChange, patch};
pub use delete::delete;
pub(crate) use delete::{forget_keys, take_away};
pub use deleted::{DeletedVaultPath, deleted_id, deleted_items, deleted_name, get_deleted, list_deleted, undelete};
pub(crate) use find::find;
pub use find::{VaultPath, get};
pub use list::list;
pub use put::put;
