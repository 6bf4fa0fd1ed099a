//! What a vault has beside its backups: each use case keeps its state and tells it; what some of them cannot do outside
//! of the cloud stands in docs/differences-from-azure.md.

pub mod certificates;
pub mod data_move;
pub mod endpoints;
pub mod extended;
pub mod naming;
mod outcome;
pub mod pin;
pub mod tiering;
mod usage;

pub use outcome::outcome;
pub use usage::counts;
