//! The archive tier: points that move to it, and copies of archived points whose time is over. What brings a
//! copy back is a restore ([`crate::restores`]).
//!
//! Always holds: whatever a point's tier says, its bytes stay where they are and its retention goes on; a
//! move or a rehydration that ended is known by the job that it names.

mod copies;
mod move_point;
mod readiness;

pub(crate) use copies::expire;
pub use move_point::move_point;
pub(crate) use move_point::{arrive, give_up};
pub use readiness::readiness;
