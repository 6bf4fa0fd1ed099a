//! Protection of databases: enable, change policy, stop, suspend, resume, undelete, delete; reading items.

mod change;
mod delete;
mod lock;
mod read;
mod schedule;

pub use change::{Change, put};
pub(crate) use change::{may_suspend, new_item, policy_of};
pub use delete::delete;
pub(crate) use delete::may_delete;
pub(crate) use read::{Around, find_item};
pub use read::{ItemPath, ItemQuery, ItemView, get, list, status_of_server};
pub use schedule::{KindFacts, ScheduleFacts, schedule};
