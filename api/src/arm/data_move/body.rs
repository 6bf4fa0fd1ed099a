//! The wire form of data moves.

use crate::arm::fields::required;
use rsvault_domain::fault::Result;
use rsvault_domain::outcome::MoveLevel;
use rsvault_engine::features::data_move::MoveRequest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Body of prepareDataMove.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PrepareBody {
    /// ARM id of the vault that the backups go to.
    pub(crate) target_resource_id: Option<String>,
    /// Its region.
    pub(crate) target_region: Option<String>,
    /// `Vault` or `Container`.
    pub(crate) data_move_level: Option<String>,
    /// Containers, at level `Container`.
    pub(crate) source_container_arm_ids: Option<Vec<String>>,
    /// Whether to pass over what was moved before.
    #[allow(dead_code)] // nothing is ever moved before
    pub(crate) ignore_moved: Option<bool>,
}

/// Body of triggerDataMove.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TriggerBody {
    /// ARM id of the vault that the backups are in.
    pub(crate) source_resource_id: Option<String>,
    /// Its region.
    pub(crate) source_region: Option<String>,
    /// `Vault` or `Container`.
    pub(crate) data_move_level: Option<String>,
    /// Containers, at level `Container`.
    pub(crate) source_container_arm_ids: Option<Vec<String>>,
    /// What prepareDataMove has answered.
    pub(crate) correlation_id: Option<String>,
    /// Whether to keep what expires meanwhile.
    #[allow(dead_code)] // nothing takes time
    #[serde(rename = "pauseGC")]
    pub(crate) pause_gc: Option<bool>,
}

/// A move that was prepared.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PreparedView {
    /// `PrepareDataMoveResponse`.
    pub(crate) object_type: &'static str,
    /// What triggerDataMove is to name.
    pub(crate) correlation_id: String,
    /// About the source.
    pub(crate) source_vault_properties: BTreeMap<&'static str, String>,
}

fn request(
    other: (Option<String>, &str),
    region: (Option<String>, &str),
    level: Option<String>,
    containers: Option<Vec<String>>,
) -> Result<MoveRequest> {
    const LEVEL: &str = "dataMoveLevel";
    Ok(MoveRequest {
        other: required(other.0, other.1)?,
        region: required(region.0, region.1)?,
        level: MoveLevel::parse(&required(level, LEVEL)?, LEVEL)?,
        containers: containers.unwrap_or_default(),
    })
}

impl PrepareBody {
    /// What it asks for.
    pub(crate) fn request(self) -> Result<MoveRequest> {
        request(
            (self.target_resource_id, "targetResourceId"),
            (self.target_region, "targetRegion"),
            self.data_move_level,
            self.source_container_arm_ids,
        )
    }
}

impl TriggerBody {
    /// What it asks for, and the correlation id.
    pub(crate) fn request(self) -> Result<(MoveRequest, String)> {
        let correlation = required(self.correlation_id, "correlationId")?;
        let other = (self.source_resource_id, "sourceResourceId");
        Ok((request(other, (self.source_region, "sourceRegion"), self.data_move_level, self.source_container_arm_ids)?, correlation))
    }
}
