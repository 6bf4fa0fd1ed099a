//! Multi-user authorization (rulebook 5.4): Resource Guards, the link of a vault to one (its proxy), and what
//! critical operations must show.
//!
//! Always holds: what a guard watches over is asked of it in the transaction that does it; a guard that a vault is linked
//! to is not deleted; the rights on a guard are those given at its own scope.

mod guard;
mod proxy;
mod require;
mod unlock;

pub(crate) use guard::may_go;
pub use guard::{GuardChange, GuardPath, delete_guard, get_guard, put_guard};
pub use proxy::{ProxyView, delete_proxy, get_proxy, list_proxies, put_proxy};
pub(crate) use require::{holds, require, unlocked};
pub use unlock::unlock;
