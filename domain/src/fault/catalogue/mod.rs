//! The catalogue of faults (rulebook 9): each code that a job, an item or a refusal can show, with what it
//! means, what to do, and how the emulator is made to raise it.
//!
//! Always holds: a code stands here once, and so does its number. Numbers are those that Azure was seen to
//! use, and rsvault's own from 520900 on; one that was given out never changes.

mod availability;
mod backup;
mod configure;
mod entry;
mod manage;
mod recipe;
mod restore;

pub use entry::{Entry, Level, Provoke, Raised, Side};
pub use recipe::recipe;

const PARTS: [&[Entry]; 5] = [configure::ENTRIES, backup::ENTRIES, availability::ENTRIES, restore::ENTRIES, manage::ENTRIES];

/// All entries: what configuring raises first, then backups, availability groups, restores, the rest.
pub fn all() -> impl Iterator<Item = &'static Entry> {
    PARTS.into_iter().flatten()
}

/// The entry of a code.
pub fn find(code: &str) -> Option<&'static Entry> {
    all().find(|entry| entry.code == code)
}

/// Codes that jobs can show; those that only ever refuse a request are left out.
pub fn catalogue_codes() -> impl Iterator<Item = &'static str> {
    all().filter(|entry| entry.number != 0).map(|entry| entry.code)
}

/// Where the page of a code stands in the repository.
pub fn page(code: &str) -> String {
    format!("docs/faults/{code}.md")
}

#[cfg(test)]
mod tests;
