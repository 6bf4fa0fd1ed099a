//! Backups on demand, and the recovery points they leave.

mod points;
mod trigger;

pub(crate) use points::not_found;
pub use points::{PointView, point, points};
pub use trigger::{BackupRequest, trigger};
