//! The catalogue: one SQL text for SQLite and PostgreSQL, one file per aggregate.
//!
//! Always holds: writing transactions are serial, whichever the database (`docs/adr/0002`); times
//! are microseconds and come from the caller; enums are stored as their words; uniqueness is decided
//! by `ON CONFLICT`, never by the name of a constraint.

mod access;
mod column;
mod commands;
mod containers;
mod db;
mod error;
mod items;
mod jobs;
mod migrate;
mod operations;
mod page;
mod points;
mod policies;
mod servers;
mod sets;
mod store;
mod tasks;
mod tenancy;
mod vaults;

pub use store::SqlStore;
