//! Reset and purge.

use super::admin::Admin;
use super::body::PurgedBody;
use super::query::{Asked, Nothing};
use super::simulation;
use crate::AppState;
use crate::edge::{Problem, Problems};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use rsvault_engine::emulator;
use std::sync::Arc;

/// Removes every vault and server, then brings the seeded servers back.
#[utoipa::path(post, path = "/emulator/reset", tag = "Emulator", operation_id = "Emulator_Reset",
    responses((status = 204, description = "Done."), Problems))]
pub(super) async fn reset(_: Admin, _: Asked<Nothing>, State(state): State<Arc<AppState>>) -> Result<StatusCode, Problem> {
    emulator::reset(&state.engine, simulation(&state)?, &state.seed, &state.seed_groups).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Deletes everything that is soft-deleted now, as if its days were over.
#[utoipa::path(post, path = "/emulator/purge", tag = "Emulator", operation_id = "Emulator_Purge",
    responses((status = 200, description = "What was removed, by name.", body = PurgedBody), Problems))]
pub(super) async fn purge(_: Admin, _: Asked<Nothing>, State(state): State<Arc<AppState>>) -> Result<Json<PurgedBody>, Problem> {
    let purged = emulator::purge(&state.engine).await?;
    Ok(Json(PurgedBody { items: purged.items, containers: purged.containers, vaults: purged.vaults }))
}
