//! POST move of a recovery point to another tier: 202 with nothing; the operation has succeeded at once, its job runs on.

use crate::AppState;
use crate::arm::fields::{one_of, required, unsupported};
use crate::arm::links;
use crate::arm::lro::{AcceptedDoc, Lro};
use crate::arm::names::{PointPath, at_item};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmJson, ArmPath, ArmQuery, Caller};
use axum::extract::State;
use axum::response::Response;
use rsvault_domain::Fault;
use rsvault_domain::fault::Result as FaultResult;
use rsvault_engine::archive;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// Request body of a move. Clients send the two words as they are, or inside `properties`.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MoveBody {
    /// `HardenedRP`.
    source_tier_type: Option<String>,
    /// `ArchivedRP`.
    target_tier_type: Option<String>,
    /// The same once more.
    properties: Option<MovePropertiesBody>,
}

/// The two words inside `properties`.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MovePropertiesBody {
    /// `HardenedRP`.
    source_tier_type: Option<String>,
    /// `ArchivedRP`.
    target_tier_type: Option<String>,
}

const TIERS: &[&str] = &["InstantRP", "HardenedRP", "ArchivedRP", "IASnapshotRP"];

impl MoveBody {
    /// Refuses every way but the one from the standard to the archive tier.
    fn check(self) -> FaultResult<()> {
        let (inside, at) = match self.properties {
            Some(inside) => (inside, "properties."),
            None => (MovePropertiesBody { source_tier_type: self.source_tier_type, target_tier_type: self.target_tier_type }, ""),
        };
        for (word, name, wanted) in
            [(inside.source_tier_type, "sourceTierType", "HardenedRP"), (inside.target_tier_type, "targetTierType", "ArchivedRP")]
        {
            let field = format!("{at}{name}");
            match one_of(&required(word, &field)?, &field, TIERS)? {
                word if word == wanted => {}
                word @ ("InstantRP" | "IASnapshotRP") => {
                    return Err(unsupported(&format!("A tier of snapshots ({word})"), &field, &format!("Send {wanted}.")));
                }
                word => {
                    return Err(Fault::invalid(
                        "BMSUserErrorInvalidInput",
                        format!("Property '{field}' is '{word}'; recovery points move from HardenedRP to ArchivedRP alone. An archived one comes back by a restore with rehydration. Send {wanted}."),
                    )
                    .at(field));
                }
            }
        }
        Ok(())
    }
}

/// Moves a recovery point to the archive tier.
#[utoipa::path(post, path = at_item!("/recoveryPoints/{recoveryPointId}/move"), tag = "Recovery points", operation_id = "MoveRecoveryPoint", params(PointPath, VersionQuery), request_body = MoveBody,
    responses(AcceptedDoc, ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<PointPath>,
    ArmQuery(query): ArmQuery<VersionQuery>,
    ArmJson(body): ArmJson<MoveBody>,
) -> Result<Response, ArmError> {
    body.check()?;
    let item = path.item_path();
    let operation = archive::move_point(&state.engine, &caller.engine, &item.ask()?, &path.recovery_point_id).await?;
    Ok(Lro::new(&caller, query.api_version.as_deref(), links::of_item(&item, operation.id)).accepted())
}
