//! Auto-protection intents (rulebook 2.4): put, read, delete, and carrying them out whenever a server was
//! inquired.

mod apply;
mod configure;
mod delete;
mod put;
mod read;

pub(crate) use apply::{apply, left_out, may_take};
pub(crate) use configure::{give_up, run};
pub use delete::delete;
pub(crate) use delete::end_all;
pub use put::{IntentRequest, put};
pub use read::{IntentQuery, IntentView, get, list};
