//! What rsvault decides, and nothing else: ids, states, rules, plans, the error catalogue and the
//! ports through which the rest of the house serves it. Pure: no I/O, no clock, no runtime.
//!
//! Terms at this level are Azure's for the vault (container, protected item, recovery point) and
//! SQL Server's for backups (backup set, LSN, recovery model). See `docs/ARCHITECTURE.md`.

pub mod access;
pub mod alert;
pub mod archive;
pub mod availability;
pub mod backup;
pub mod discovery;
pub mod fault;
pub mod guard;
pub mod health;
pub mod id;
pub mod intent;
pub mod job;
pub mod limits;
pub mod naming;
pub mod operation;
pub mod outcome;
pub mod policy;
pub mod ports;
pub mod protection;
pub mod region;
pub mod restore;
pub mod simulation;
pub mod tenancy;
pub mod vault;
pub mod work;

pub use fault::{Fault, FaultKind};
