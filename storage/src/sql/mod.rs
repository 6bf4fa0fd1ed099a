//! The catalogue: one SQL text for SQLite and PostgreSQL, one file per aggregate.
//!
//! Always holds: writing transactions are serial, whichever the database (`docs/adr/0002`); times
//! are microseconds and come from the caller; enums are stored as their words; uniqueness is decided
//! by `ON CONFLICT`, never by the name of a constraint.

mod access;
mod alerts;
mod column;
mod commands;
mod containers;
mod db;
mod error;
mod exports;
mod features;
mod gauges;
mod glance;
mod guards;
mod health;
mod intents;
mod items;
mod jobs;
mod marks;
mod memo;
mod migrate;
mod operations;
mod page;
#[cfg(test)]
mod plans;
mod points;
mod policies;
mod prune;
mod quotas;
mod rehearsal;
mod replicas;
mod servers;
mod sets;
mod store;
mod tasks;
mod tenancy;
mod tiers;
mod timers;
mod vaults;

pub use store::SqlStore;
