//! How long backups are kept (rulebook 3.4 to 3.6, 5.1 to 5.3). In three steps, each its own file:
//! [`Rules`] say when a backup's **own** time ends; [`effective`] says until when it stays, given
//! what is built on it; [`due`] says what goes now. [`reapply`] and [`shortens`] are about edits of a
//! policy, [`predict`] about what a schedule that never failed would have left.
//!
//! Always holds:
//! - A point whose own time has not passed is kept together with **everything a restore to it
//!   needs**: a differential with its full; a log with its base (the latest full or usable
//!   differential before the log began, in one run of logs without a gap on one recovery fork), that
//!   base's full and all logs between. So no second that a living log covers is lost.
//! - A point that stays only because another needs it holds nothing itself. Were it otherwise, a log
//!   that spans the moment of the next full, which the logs after it need, would keep the old chain for
//!   as long as the new one, and that one the next: nothing would ever go.
//! - What is needed by nobody any more, and whose own time has passed, goes at the next look.

mod change;
mod dependents;
mod due;
mod effective;
mod needs;
mod on_demand;
mod predict;
mod rules;

pub use change::{reapply, shortens};
pub use dependents::is_needed;
pub use due::{Decision, Pruning, due};
pub use effective::effective;
pub use on_demand::on_demand_expiry;
pub use predict::{Predicted, predict};
pub use rules::{Rules, own_expiry};

pub(super) use rules::base;

#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
