//! `PUT /agent/v1/sets/{id}/{generation}/streams/{stream}/chunks/{seq}`

use super::caller::CallingAgent;
use super::extract::At;
use super::ingest::{Gate, receive};
use crate::edge::{Problem, Problems};
use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use http::{HeaderMap, StatusCode, header};
use rsvault_domain::Fault;
use rsvault_domain::id::SetId;
use rsvault_engine::Engine;
use rsvault_engine::agents::{self, PutChunk};
use rsvault_protocol::seal::from_content_digest;
use std::sync::Arc;

/// Store one chunk. Durable when this answers; sending the same bytes again is always safe.
#[utoipa::path(put, path = "/agent/v1/sets/{id}/{generation}/streams/{stream}/chunks/{seq}", tag = "Sets", operation_id = "putChunk",
    security(("agent" = [])),
    params(("id" = uuid::Uuid, Path, description = "Set."), ("generation" = i64, Path, description = "Generation of the set."),
        ("stream" = u32, Path, description = "Stream."), ("seq" = u32, Path, description = "Position in the stream."),
        ("Content-Digest" = String, Header, description = "`blake3=:<base64>:` of the body (RFC 9530).")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "Ciphertext, at most the set's chunk size."),
    responses((status = 201, description = "Stored."), (status = 200, description = "These bytes stood already."), Problems))]
pub(super) async fn handler(
    State(engine): State<Arc<Engine>>,
    Extension(gate): Extension<Gate>,
    CallingAgent(agent): CallingAgent,
    At((id, generation, stream, seq)): At<(SetId, i64, u32, u32)>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    let field = headers.get("content-digest").and_then(|v| v.to_str().ok());
    let missing = || {
        Fault::invalid("ContentDigestMissing", "Send 'Content-Digest: blake3=:<base64 of the 32 bytes>:' with every chunk.")
            .at("Content-Digest")
    };
    let claimed = field.and_then(from_content_digest).ok_or_else(missing)?;
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse().ok());
    let _turn = gate.enter().await?;
    let (bytes, digest) = receive(body, announced).await?;
    if digest != claimed {
        return Err(Problem(
            Fault::invalid(
                "ContentDigestMismatch",
                "The body does not match its Content-Digest: it was altered on the way. Send the chunk again.",
            )
            .at("Content-Digest"),
        ));
    }
    match agents::put_chunk(&engine, &agent, id, generation, stream, seq, digest, bytes).await? {
        PutChunk::Created => Ok(StatusCode::CREATED),
        PutChunk::Same => Ok(StatusCode::OK),
    }
}
