//! Vaults: create, read, change, delete, list.

mod change;
mod delete;
mod find;
mod list;
mod put;

pub use change::{VaultChange, patch};
pub use delete::delete;
pub use find::{VaultPath, get};
pub(crate) use find::find;
pub use list::list;
pub use put::put;
