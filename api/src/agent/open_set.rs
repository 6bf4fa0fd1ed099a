//! `POST /agent/v1/commands/{id}/set`

use super::caller::CallingAgent;
use super::extract::{At, Body};
use super::ledger::entry;
use crate::edge::{Problem, Problems};
use axum::Json;
use axum::extract::State;
use rsvault_domain::id::CommandId;
use rsvault_engine::{Engine, agents};
use rsvault_protocol::messages::{OpenSetBody, OpenSetView, RecipientView, UploadMode};
use rsvault_protocol::seal::associated_data_prefix;
use std::sync::Arc;

/// Open the backup set of a command. The same command and generation give the same set.
#[utoipa::path(post, path = "/agent/v1/commands/{id}/set", tag = "Sets", operation_id = "openSet", request_body = OpenSetBody,
    security(("agent" = [])), params(("id" = uuid::Uuid, Path, description = "Command.")),
    responses((status = 200, description = "The set, open.", body = OpenSetView), Problems))]
pub(super) async fn handler(
    State(engine): State<Arc<Engine>>,
    CallingAgent(agent): CallingAgent,
    At(id): At<CommandId>,
    Body(body): Body<OpenSetBody>,
) -> Result<Json<OpenSetView>, Problem> {
    let opened = agents::open_set(&engine, &agent, id, body.generation).await?;
    Ok(Json(OpenSetView {
        set_id: opened.set.id,
        generation: opened.set.generation,
        chunk_size: opened.set.chunk_size,
        recipient: RecipientView {
            key_id: opened.recipient.key_id,
            version: opened.recipient.version,
            public_key_pem: opened.recipient.public_key_pem,
        },
        associated_data_prefix: associated_data_prefix(opened.set.id),
        upload_mode: UploadMode::Proxied,
        present: opened.present.iter().map(entry).collect(),
    }))
}
