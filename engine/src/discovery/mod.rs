//! Discovery and registration (rulebook 2): refresh sees servers, register takes one into the vault,
//! inquire lists what lives on it. Three verbs, three scopes.

mod containers;
mod inquire;
mod items;
mod refresh;
mod register;
mod soft_deleted;
mod unregister;

pub(crate) use containers::find_container;
pub use containers::{ContainerView, get, list, list_in, protectable};
pub use inquire::inquire;
pub use items::{Found, ProtectableItem, Shown, protectable_items, workload_items};
pub use refresh::refresh;
pub use register::{Registered, register};
pub(crate) use soft_deleted::{bring_back, drop_if_empty};
pub use unregister::unregister;
