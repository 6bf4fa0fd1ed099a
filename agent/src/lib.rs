//! The rsvault agent: moves bytes between a workload and the vault, as a library and as the binary
//! `rsvault-agent`.
//!
//! Always holds: what leaves this machine is sealed for the vault's public key; nothing is delivered
//! to a database that was not authenticated first; memory does not grow with the size of a backup.

pub mod coordinator;
pub mod pipeline;
pub mod plugin;
pub mod transport;

pub use coordinator::{Agent, AgentHandle, AgentSettings, Limits};
