//! Backups on demand, and the recovery points they leave.

mod healing;
mod points;
mod trigger;
mod verdict;

pub(crate) use healing::queue_healing;
pub(crate) use points::not_found;
pub use points::{Coverage, PointList, PointQuery, PointView, point, points, whole_coverage};
pub use trigger::{BackupRequest, trigger};
pub(crate) use verdict::{Asked, head_of, verdict};
