//! Use cases of the emulator surface: simulated servers, reset, purge.

mod reset;
mod servers;

pub use reset::{purge, reset};
pub use servers::{delete_server, find_server, list_servers, put_server};
