//! The coordinator: enrols, asks for work, runs commands side by side, keeps their leases alive and
//! reports how they ended.
//!
//! Always holds: of a command at most one generation works at a time; whoever loses the lease stops
//! and reports nothing; a result is sent until the vault has taken it or the lease is another's; at
//! shutdown work is given back, not failed.

mod agent;
mod backup;
mod command;
pub mod credentials;
mod engines;
mod files;
mod lease;
mod restore;

pub use agent::{Agent, AgentHandle, AgentSettings, Limits};

#[cfg(test)]
mod tests;
