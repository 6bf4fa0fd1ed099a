//! Restores: checked in front of the caller, planned, then run by the agent of the target server.
//!
//! Always holds: lists of ranges, validation, preview and restore read one chain ([`chain`]), and
//! validation and restore pass one check ([`check`]), so that they agree by construction.

pub(crate) mod chain;
mod check;
mod preview;
mod rehydrate;
mod request;
mod target;
mod trigger;
mod validate;

pub(crate) use check::map_files;
pub use preview::preview;
pub(crate) use rehydrate::{cancelled, rehydrated};
pub use request::{Destination, Rehydration, RestoreRequest, Wanted};
pub(crate) use target::{same_target_runs, target_of};
pub use trigger::trigger;
pub use validate::{Verdict, trigger_validation, validate};
