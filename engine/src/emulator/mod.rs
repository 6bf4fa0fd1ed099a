//! Use cases of the emulator surface: simulated servers and availability groups, reset, purge.

mod groups;
mod reset;
mod servers;

pub use groups::{delete_group, fail_over, find_group, list_groups, put_group};
pub use reset::{purge, reset};
pub use servers::{delete_server, find_server, list_servers, put_server};
