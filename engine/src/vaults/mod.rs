//! Vaults: create, read, change, delete, list.

mod change;
mod delete;
mod find;
mod list;
mod put;

pub use change::{VaultChange, patch};
pub use delete::delete;
pub(crate) use delete::forget_keys;
pub(crate) use find::find;
pub use find::{VaultPath, get};
pub use list::list;
pub use put::put;
