//! Operations: starting them inside a use case's transaction, and reading them.

mod read;
mod start;

pub use read::{read, read_of, wait};
pub(crate) use start::{Start, repeated, start, start_as};
