//! The agent surface, `/agent/v1`: enrolment, commands and the schedule by long poll, slots, ingest,
//! commit, restore reads.
//!
//! Always holds: every route but enrolment demands an agent's credential, checked before the body is
//! read; bodies are bounded, and so is the number of chunks in memory; errors are problem+json.

mod abort_set;
mod caller;
mod commit_set;
mod enroll;
mod extract;
mod finish;
mod heartbeat;
mod ingest;
mod ledger;
mod next_command;
mod open_set;
mod put_chunk;
mod read_chunk;
mod restore_set;
mod schedule;
mod slots;
#[cfg(test)]
mod tests;

use axum::Extension;
use rsvault_engine::Engine;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Routes of the agent surface.
pub fn router() -> OpenApiRouter<Arc<Engine>> {
    OpenApiRouter::new()
        .routes(routes!(enroll::handler))
        .routes(routes!(next_command::handler))
        .routes(routes!(schedule::handler))
        .routes(routes!(slots::handler))
        .routes(routes!(heartbeat::handler))
        .routes(routes!(finish::handler))
        .routes(routes!(open_set::handler))
        .routes(routes!(put_chunk::handler))
        .routes(routes!(ledger::handler))
        .routes(routes!(commit_set::handler))
        .routes(routes!(abort_set::handler))
        .routes(routes!(restore_set::handler))
        .routes(routes!(read_chunk::handler))
        .layer(Extension(ingest::Gate::default()))
}
