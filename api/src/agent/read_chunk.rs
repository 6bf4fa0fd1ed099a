//! `GET /agent/v1/commands/{id}/sets/{setId}/streams/{stream}/chunks/{seq}`

use super::caller::CallingAgent;
use super::extract::At;
use super::ingest::Gate;
use crate::edge::{Problem, Problems};
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use rsvault_domain::id::{CommandId, SetId};
use rsvault_engine::{Engine, agents};
use rsvault_protocol::seal::{chunk_digest, to_content_digest};
use std::sync::Arc;

/// Read one chunk. A chunk that does not match its digest is refused, never delivered.
#[utoipa::path(get, path = "/agent/v1/commands/{id}/sets/{setId}/streams/{stream}/chunks/{seq}", tag = "Restore", operation_id = "readChunk",
    security(("agent" = [])),
    params(("id" = uuid::Uuid, Path, description = "Restore command, leased."), ("setId" = uuid::Uuid, Path, description = "Set that its plan names."),
        ("stream" = u32, Path, description = "Stream."), ("seq" = u32, Path, description = "Position in the stream.")),
    responses((status = 200, description = "Ciphertext.", body = Vec<u8>, content_type = "application/octet-stream",
        headers(("Content-Digest" = String, description = "`blake3=:<base64>:` of the body."))), Problems))]
pub(super) async fn handler(
    State(engine): State<Arc<Engine>>,
    Extension(gate): Extension<Gate>,
    CallingAgent(agent): CallingAgent,
    At((id, set, stream, seq)): At<(CommandId, SetId, u32, u32)>,
) -> Result<Response, Problem> {
    let _turn = gate.enter().await?;
    let bytes = agents::read_chunk(&engine, &agent, id, set, stream, seq).await?;
    let digest = to_content_digest(&chunk_digest(&bytes));
    Ok((
        [(header::CONTENT_TYPE, "application/octet-stream".to_owned()), (header::HeaderName::from_static("content-digest"), digest)],
        bytes,
    )
        .into_response())
}
