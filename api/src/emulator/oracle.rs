//! Writes to simulated databases, and the checksums that restores are held against.

use super::admin::Admin;
use super::body::{ChecksumBody, ForeignBackupBody, ForeignKind, WriteBody, WrittenBody};
use super::query::Asked;
use super::servers::Where;
use super::{BODY_LIMIT, simulation};
use crate::AppState;
use crate::edge::extract;
use crate::edge::{Problem, Problems};
use axum::Json;
use axum::extract::{Path, Request, State};
use rsvault_domain::backup::BackupKind;
use rsvault_domain::fault::Fault;
use rsvault_domain::ports::{OracleChange, OracleMoment};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// Changes pages of a database, chosen and filled from a seed.
#[utoipa::path(post, path = "/emulator/servers/{name}/write", tag = "Servers", operation_id = "Servers_Write",
    params(("name" = String, Path, description = "Name of the server."), Where), request_body = WriteBody,
    responses((status = 200, description = "Written and committed.", body = WrittenBody), Problems))]
pub(super) async fn write(
    _: Admin,
    State(state): State<Arc<AppState>>,
    Path(name): Path<String>,
    Asked(place): Asked<Where>,
    request: Request,
) -> Result<Json<WrittenBody>, Problem> {
    let body: WriteBody = extract::json(request, BODY_LIMIT).await?;
    let server = place.find(&state, &name).await?;
    let change = OracleChange { pages: body.pages, seed: body.seed, bulk: body.bulk };
    let done = simulation(&state)?.write(server.id, &body.instance, &body.database, change).await?;
    Ok(Json(WrittenBody { lsn: done.lsn.to_string(), committed_at: done.committed_at.to_string() }))
}

/// Lets another product take a backup, as happens to real databases: the vault does not see it, but
/// a log breaks its log chain, and a full moves the base of its differentials.
#[utoipa::path(post, path = "/emulator/servers/{name}/instances/{instance}/databases/{database}/foreignBackup", tag = "Servers",
    operation_id = "Servers_ForeignBackup",
    params(("name" = String, Path, description = "Name of the server."), ("instance" = String, Path, description = "Instance."),
        ("database" = String, Path, description = "Database."), Where),
    request_body = ForeignBackupBody,
    responses((status = 200, description = "Taken: where it ended.", body = WrittenBody), Problems))]
pub(super) async fn foreign_backup(
    _: Admin,
    State(state): State<Arc<AppState>>,
    Path((name, instance, database)): Path<(String, String, String)>,
    Asked(place): Asked<Where>,
    request: Request,
) -> Result<Json<WrittenBody>, Problem> {
    let body: ForeignBackupBody = extract::json(request, BODY_LIMIT).await?;
    let kind = match body.kind {
        ForeignKind::Full => BackupKind::Full,
        ForeignKind::Differential => BackupKind::Differential,
        ForeignKind::Log => BackupKind::Log,
    };
    if body.product.as_ref().is_some_and(|name| name.trim().is_empty() || name.chars().count() > 128) {
        return Err(Fault::invalid(
            "InvalidProduct",
            "The name of a product has 1 to 128 characters. Leave it out for one that gives none.",
        )
        .at("product")
        .into());
    }
    let server = place.find(&state, &name).await?;
    let done = simulation(&state)?.foreign_backup(server.id, &instance, &database, kind, body.product).await?;
    Ok(Json(WrittenBody { lsn: done.lsn.to_string(), committed_at: done.committed_at.to_string() }))
}

/// Which database, and at which moment.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Subscription; needed only if several have a server of this name.
    subscription: Option<String>,
    /// Instance.
    instance: String,
    /// Database.
    database: String,
    /// At this LSN (decimal).
    lsn: Option<String>,
    /// At this time (RFC 3339).
    at: Option<String>,
}

impl Which {
    fn moment(&self) -> Result<OracleMoment, Fault> {
        match (&self.lsn, &self.at) {
            (None, None) => Ok(OracleMoment::Latest),
            (Some(lsn), None) => lsn
                .parse()
                .map(OracleMoment::Lsn)
                .map_err(|_| Fault::invalid("InvalidLsn", format!("'{lsn}' is not an LSN: it must be a decimal number.")).at("lsn")),
            (None, Some(at)) => at
                .parse()
                .map(OracleMoment::Time)
                .map_err(|_| Fault::invalid("InvalidTime", format!("'{at}' is not a time: write it like 2026-01-31T12:00:00Z.")).at("at")),
            (Some(_), Some(_)) => Err(Fault::invalid("InvalidMoment", "Give lsn or at, not both.").at("at")),
        }
    }
}

/// Checksum of a database now, at an LSN or at a time.
#[utoipa::path(get, path = "/emulator/servers/{name}/checksum", tag = "Servers", operation_id = "Servers_Checksum",
    params(("name" = String, Path, description = "Name of the server."), Which),
    responses((status = 200, description = "The checksum.", body = ChecksumBody), Problems))]
pub(super) async fn checksum(
    _: Admin,
    State(state): State<Arc<AppState>>,
    Path(name): Path<String>,
    Asked(which): Asked<Which>,
) -> Result<Json<ChecksumBody>, Problem> {
    let server = Where { subscription: which.subscription.clone() }.find(&state, &name).await?;
    let sum = simulation(&state)?.checksum(server.id, &which.instance, &which.database, which.moment()?).await?;
    Ok(Json(ChecksumBody { lsn: sum.lsn.to_string(), committed_at: sum.committed_at.to_string(), hash: sum.hash }))
}
