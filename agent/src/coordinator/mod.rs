//! The coordinator: enrols, asks for work, keeps the schedule and runs its slots, works on commands
//! side by side, keeps their leases alive and reports how they ended.
//!
//! Always holds: of a command at most one generation works at a time; whoever loses the lease stops
//! and reports nothing; a result is sent until the vault has taken it or the lease is another's; at
//! shutdown work is given back, not failed; a slot that was due is offered until the vault answers,
//! over restarts and however long the vault is away.

mod agent;
mod backup;
mod command;
mod commits;
pub mod credentials;
mod durable;
mod engines;
mod files;
mod floor;
mod lease;
mod marks;
pub mod outlook;
mod overrides;
mod poll;
mod restore;
mod schedule;
mod slots;
mod watch;

pub use agent::{Agent, AgentHandle, AgentSettings, Limits};
pub use watch::AgentWatch;

#[cfg(test)]
mod tests;
