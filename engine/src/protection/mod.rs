//! Protection of databases: enable, change policy, stop, resume, undelete, delete; reading items.

mod change;
mod delete;
mod read;

pub use change::{Change, put};
pub use delete::delete;
pub(crate) use read::find_item;
pub use read::{ItemPath, ItemView, get, list, status_of_server};
