//! The catalogue of faults, and how each is provoked.

use super::admin::Admin;
use super::query::{Asked, Nothing};
use crate::edge::{Problem, Problems};
use axum::Json;
use axum::extract::Path;
use rsvault_domain::fault::Fault;
use rsvault_domain::fault::catalogue::{self, Entry, Side};
use serde::Serialize;
use utoipa::ToSchema;

/// A fault that a job, an item or an answer can show.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CataloguedFault)]
pub(crate) struct FaultBody {
    /// Number: `errorCode` of a job. 0 for a code that only ever refuses a request.
    number: i64,
    /// Code: `errorTitle` of a job, `code` of an error.
    code: &'static str,
    /// A few words for people.
    title: &'static str,
    /// What happened: `errorString` of a job begins with it.
    text: &'static str,
    /// What to do.
    recommendations: &'static [&'static str],
    /// When it is raised.
    #[schema(value_type = Vec<RaisedWord>)]
    raised: Vec<&'static str>,
    /// 1: is raised as the service does, 2: likewise, 3: is only listed.
    #[schema(minimum = 1, maximum = 3)]
    level: u8,
    /// Health of an item after it: the user's failures degrade, the service's are unhealthy.
    #[schema(value_type = HealthWord)]
    health: &'static str,
    /// Whether a scheduled backup that fails with it is followed by a full that mends the chain.
    heals: bool,
    /// Whether the code is rsvault's own, not Azure's.
    own: bool,
    /// How it is provoked.
    provoke: ProvokeBody,
    /// Its page in rsvault's repository.
    docs: String,
}

/// How the emulator is made to raise it.
#[derive(Serialize, ToSchema)]
#[schema(as = Provoke)]
pub(crate) struct ProvokeBody {
    /// In words.
    how: &'static str,
    /// A ready request; names in braces and the names in its body are to be replaced. None where ordinary use does it.
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<ReadyRequestBody>,
}

/// A ready request.
#[derive(Serialize, ToSchema)]
#[schema(as = ReadyRequest)]
pub(crate) struct ReadyRequestBody {
    /// Method.
    method: &'static str,
    /// Path.
    path: &'static str,
    /// Body.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<serde_json::Value>,
}

/// When a fault is raised.
#[derive(ToSchema)]
#[schema(as = Raised, rename_all = "lowercase")]
#[allow(dead_code)] // read by the document generator alone
pub(crate) enum RaisedWord {
    /// At discovery, registration or when protection is configured.
    Configure,
    /// In a backup.
    Backup,
    /// In a restore.
    Restore,
    /// At any other change.
    Manage,
}

/// Whose failure a fault is.
#[derive(ToSchema)]
#[schema(as = FaultHealth)]
#[allow(dead_code)] // read by the document generator alone
pub(crate) enum HealthWord {
    /// The user's.
    Degraded,
    /// The service's.
    Unhealthy,
}

/// All faults.
#[derive(Serialize, ToSchema)]
#[schema(as = FaultList)]
pub(crate) struct FaultListBody {
    value: Vec<FaultBody>,
}

impl FaultBody {
    fn of(entry: &Entry) -> Self {
        let request = catalogue::recipe(entry).map(|(method, path, body)| ReadyRequestBody { method, path, body });
        Self {
            number: entry.number,
            code: entry.code,
            title: entry.title,
            text: entry.text,
            recommendations: entry.recommendations,
            raised: entry.raised.iter().map(|when| when.as_str()).collect(),
            level: entry.level.number(),
            health: match entry.side {
                Side::User => "Degraded",
                Side::Service => "Unhealthy",
            },
            heals: entry.heals(),
            own: entry.own,
            provoke: ProvokeBody { how: entry.how, request },
            docs: catalogue::page(entry.code),
        }
    }
}

/// Lists the faults of the catalogue, and how each is provoked.
#[utoipa::path(get, path = "/emulator/faults", tag = "Faults", operation_id = "Faults_List",
    responses((status = 200, description = "All faults.", body = FaultListBody), Problems))]
pub(super) async fn list(_: Admin, _: Asked<Nothing>) -> Result<Json<FaultListBody>, Problem> {
    Ok(Json(FaultListBody { value: catalogue::all().map(FaultBody::of).collect() }))
}

/// Shows a fault of the catalogue, and how it is provoked.
#[utoipa::path(get, path = "/emulator/faults/{code}", tag = "Faults", operation_id = "Faults_Get",
    params(("code" = String, Path, description = "Code.")),
    responses((status = 200, description = "The fault.", body = FaultBody), Problems))]
pub(super) async fn get(_: Admin, Path(code): Path<String>, _: Asked<Nothing>) -> Result<Json<FaultBody>, Problem> {
    let entry = catalogue::all().find(|entry| entry.code.eq_ignore_ascii_case(&code)).ok_or_else(|| {
        Fault::not_found("FaultNotFound", format!("The catalogue has no fault '{code}'. GET /emulator/faults lists all.")).at("code")
    })?;
    Ok(Json(FaultBody::of(entry)))
}
