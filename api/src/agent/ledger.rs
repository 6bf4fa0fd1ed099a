//! `GET /agent/v1/sets/{id}/{generation}/chunks`

use super::caller::CallingAgent;
use super::extract::At;
use crate::edge::{Problem, Problems};
use axum::Json;
use axum::extract::State;
use rsvault_domain::backup::ChunkRow;
use rsvault_domain::id::SetId;
use rsvault_engine::{Engine, agents};
use rsvault_protocol::messages::{ChunkEntry, LedgerView};
use std::fmt::Write;
use std::sync::Arc;

/// List the durable chunks of a set's generation.
#[utoipa::path(get, path = "/agent/v1/sets/{id}/{generation}/chunks", tag = "Sets", operation_id = "listChunks",
    security(("agent" = [])),
    params(("id" = uuid::Uuid, Path, description = "Set."), ("generation" = i64, Path, description = "Generation of the set.")),
    responses((status = 200, description = "The ledger.", body = LedgerView), Problems))]
pub(super) async fn handler(
    State(engine): State<Arc<Engine>>,
    CallingAgent(agent): CallingAgent,
    At((id, generation)): At<(SetId, i64)>,
) -> Result<Json<LedgerView>, Problem> {
    let rows = agents::ledger(&engine, &agent, id, generation).await?;
    Ok(Json(LedgerView { chunks: rows.iter().map(entry).collect() }))
}

/// A ledger row on the wire.
pub(super) fn entry(row: &ChunkRow) -> ChunkEntry {
    let digest = row.digest.iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    ChunkEntry { stream: row.stream, seq: row.seq, digest }
}
