//! `GET /agent/v1/commands/{id}/sets/{setId}`

use super::caller::CallingAgent;
use super::extract::At;
use crate::edge::{Problem, Problems};
use axum::Json;
use axum::extract::State;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderName, HeaderValue, header};
use rsvault_domain::id::{CommandId, SetId};
use rsvault_engine::{Engine, agents};
use rsvault_protocol::messages::RestoreSetView;
use std::sync::Arc;

/// Manifest and data key of a set, over the lease of a restore command that names it.
#[utoipa::path(get, path = "/agent/v1/commands/{id}/sets/{setId}", tag = "Restore", operation_id = "restoreSet",
    security(("agent" = [])),
    params(("id" = uuid::Uuid, Path, description = "Restore command, leased."), ("setId" = uuid::Uuid, Path, description = "Set that its plan names.")),
    responses((status = 200, description = "What is needed to read the set.", body = RestoreSetView), Problems))]
pub(super) async fn handler(
    State(engine): State<Arc<Engine>>,
    CallingAgent(agent): CallingAgent,
    At((id, set)): At<(CommandId, SetId)>,
) -> Result<([(HeaderName, HeaderValue); 1], Json<RestoreSetView>), Problem> {
    let found = agents::restore_set(&engine, &agent, id, set).await?;
    let chunk_count = found.manifest.streams.iter().map(|s| s.summary.chunks).sum();
    let view = RestoreSetView { data_key: STANDARD.encode(&*found.data_key), chunk_count, manifest: found.manifest };
    Ok(([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], Json(view)))
}
