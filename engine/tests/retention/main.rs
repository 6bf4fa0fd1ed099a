//! Retention through the whole engine: what goes and when, what edits of a policy do to what stands, what
//! stays when protection is stopped or suspended, what an immutable vault holds.
#![allow(unreachable_pub, clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "tests")]

mod consistent;
mod hold;
mod policy;
mod reap;
#[path = "../support/mod.rs"]
mod support;
mod world;
