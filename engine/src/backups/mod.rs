//! Backups on demand, and the recovery points they leave.

mod points;
mod remedial;
mod trigger;
mod verdict;

pub(crate) use points::not_found;
pub use points::{Coverage, PointList, PointQuery, PointView, point, points, whole_coverage};
pub(crate) use remedial::queue_remedial;
pub use trigger::{BackupRequest, trigger};
pub(crate) use verdict::{Asked, head_of, verdict};
