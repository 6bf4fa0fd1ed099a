//! Availability groups (rulebook 3.7): a group has a container of its own in each vault that one of its
//! nodes is registered to. Its databases hang there, under the group's name, whichever node backs them up.
//!
//! Always holds: the group's container stands as long as a node of it is registered or a database of it
//! is kept; its `server_id` is the node that is asked first; which replica takes a backup is decided by
//! `domain::availability` alone; what a node says of its own role counts more than what was last seen.

mod hand_over;
mod nodes;
mod seen;
mod targets;

pub(crate) use hand_over::hand_over;
pub(crate) use nodes::{Turn, holder, host_of, leave, may_leave, of_a_server, one_runs, open_commands, turn};
pub(crate) use seen::seen;
pub(crate) use targets::{is_a_server, no_original, no_target};

use jiff::SignedDuration;

/// A group in the middle of a failover is looked at again after so long.
pub(crate) const FAILOVER: SignedDuration = SignedDuration::from_mins(15);
