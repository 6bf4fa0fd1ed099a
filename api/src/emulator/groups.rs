//! Simulated availability groups: which servers share which databases, who is the primary, and failovers.

use super::admin::Admin;
use super::body::DatabaseBody;
use super::query::{Asked, Nothing};
use super::{BODY_LIMIT, simulation};
use crate::AppState;
use crate::edge::extract;
use crate::edge::{Problem, Problems};
use axum::Json;
use axum::extract::{Path, Request, State};
use http::StatusCode;
use rsvault_domain::availability::Preference;
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::simulation::{GroupSpec, ReplicaSpec};
use rsvault_engine::emulator;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// A simulated availability group.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = AvailabilityGroup)]
pub(crate) struct GroupBody {
    /// Name; read only, the path decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(read_only)]
    name: Option<String>,
    /// Subscription of its servers; needed only if several have servers of these names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subscription: Option<uuid::Uuid>,
    /// Its replicas: simulated servers, whose instances tell the version.
    #[schema(min_items = 1, max_items = 9)]
    replicas: Vec<ReplicaBody>,
    /// Server of the primary replica; the first one unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    primary: Option<String>,
    /// Whether a failover is under way: no replica is the primary.
    #[serde(default)]
    resolving: bool,
    /// Where its databases are to be backed up.
    #[serde(default)]
    backup_preference: PreferenceWord,
    /// Its databases. One that stands on the primary's instance is moved in, with all that it holds; one that is left
    /// out stays on that instance.
    #[serde(default)]
    databases: Vec<DatabaseBody>,
}

/// A replica.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Replica)]
pub(crate) struct ReplicaBody {
    /// A simulated server.
    server: String,
    /// Its instance.
    #[serde(default = "default_instance")]
    #[schema(default = "MSSQLSERVER", required = false)]
    instance: String,
    /// Whether it is connected and follows the primary.
    #[serde(default = "yes")]
    #[schema(default = true, required = false)]
    synchronized: bool,
}

/// Where a group's databases are to be backed up.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = BackupPreference)]
pub(crate) enum PreferenceWord {
    /// On the primary.
    Primary,
    /// On a secondary, never on the primary.
    SecondaryOnly,
    /// On a secondary, on the primary if there is none.
    #[default]
    PreferSecondary,
    /// On any replica.
    None,
}

fn default_instance() -> String {
    "MSSQLSERVER".to_owned()
}
fn yes() -> bool {
    true
}

/// All groups.
#[derive(Serialize, ToSchema)]
#[schema(as = AvailabilityGroupList)]
pub(crate) struct GroupListBody {
    value: Vec<GroupBody>,
}

/// Where to fail over to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Failover)]
pub(crate) struct FailoverBody {
    /// Server of the replica that becomes the primary.
    to: String,
}

impl GroupBody {
    fn into_spec(self, path_name: &str) -> Result<GroupSpec> {
        if self.name.as_ref().is_some_and(|name| !name.eq_ignore_ascii_case(path_name)) {
            return Err(Fault::invalid(
                "InvalidAvailabilityGroup",
                format!("The body names another group than the path ('{path_name}'). Leave 'name' out."),
            )
            .at("name"));
        }
        let replica = |r: ReplicaBody| ReplicaSpec { server: r.server, instance: r.instance, synchronized: r.synchronized };
        Ok(GroupSpec {
            subscription: self.subscription.map(Into::into),
            replicas: self.replicas.into_iter().map(replica).collect(),
            primary: self.primary,
            resolving: self.resolving,
            backup_preference: match self.backup_preference {
                PreferenceWord::Primary => Preference::Primary,
                PreferenceWord::SecondaryOnly => Preference::SecondaryOnly,
                PreferenceWord::PreferSecondary => Preference::PreferSecondary,
                PreferenceWord::None => Preference::None,
            },
            databases: self.databases.into_iter().map(DatabaseBody::into_spec).collect(),
        })
    }

    fn of(name: &str, spec: &GroupSpec) -> Self {
        let replica =
            |r: &ReplicaSpec| ReplicaBody { server: r.server.clone(), instance: r.instance.clone(), synchronized: r.synchronized };
        Self {
            name: Some(name.to_owned()),
            subscription: spec.subscription.map(|id| id.0),
            replicas: spec.replicas.iter().map(replica).collect(),
            primary: spec.primary().filter(|_| !spec.resolving).map(str::to_owned),
            resolving: spec.resolving,
            backup_preference: match spec.backup_preference {
                Preference::Primary => PreferenceWord::Primary,
                Preference::SecondaryOnly => PreferenceWord::SecondaryOnly,
                Preference::PreferSecondary => PreferenceWord::PreferSecondary,
                Preference::None => PreferenceWord::None,
            },
            databases: spec.databases.iter().map(DatabaseBody::of).collect(),
        }
    }
}

/// Lists all availability groups.
#[utoipa::path(get, path = "/emulator/availabilityGroups", tag = "Availability groups", operation_id = "AvailabilityGroups_List",
    responses((status = 200, description = "All groups.", body = GroupListBody), Problems))]
pub(super) async fn list(_: Admin, _: Asked<Nothing>, State(state): State<Arc<AppState>>) -> Result<Json<GroupListBody>, Problem> {
    let all = emulator::list_groups(simulation(&state)?).await?;
    Ok(Json(GroupListBody { value: all.iter().map(|(name, spec)| GroupBody::of(name, spec)).collect() }))
}

/// Shows an availability group.
#[utoipa::path(get, path = "/emulator/availabilityGroups/{name}", tag = "Availability groups", operation_id = "AvailabilityGroups_Get",
    params(("name" = String, Path, description = "Name of the group.")),
    responses((status = 200, description = "The group.", body = GroupBody), Problems))]
pub(super) async fn get(
    _: Admin,
    _: Asked<Nothing>,
    State(state): State<Arc<AppState>>,
    Path(name): Path<String>,
) -> Result<Json<GroupBody>, Problem> {
    let (name, spec) = emulator::find_group(simulation(&state)?, &name).await?;
    Ok(Json(GroupBody::of(&name, &spec)))
}

/// Makes or changes an availability group. The vaults of its nodes rediscover them.
#[utoipa::path(put, path = "/emulator/availabilityGroups/{name}", tag = "Availability groups", operation_id = "AvailabilityGroups_Put",
    params(("name" = String, Path, description = "Name of the group.")), request_body = GroupBody,
    responses((status = 200, description = "Changed.", body = GroupBody), (status = 201, description = "Made.", body = GroupBody), Problems))]
pub(super) async fn put(
    _: Admin,
    _: Asked<Nothing>,
    State(state): State<Arc<AppState>>,
    Path(name): Path<String>,
    request: Request,
) -> Result<(StatusCode, Json<GroupBody>), Problem> {
    let body: GroupBody = extract::json(request, BODY_LIMIT).await?;
    let (spec, new) = emulator::put_group(&state.engine, simulation(&state)?, &name, &body.into_spec(&name)?).await?;
    Ok((if new { StatusCode::CREATED } else { StatusCode::OK }, Json(GroupBody::of(&name, &spec))))
}

/// Fails an availability group over: another replica becomes the primary, its databases stay as they are.
#[utoipa::path(post, path = "/emulator/availabilityGroups/{name}/failover", tag = "Availability groups",
    operation_id = "AvailabilityGroups_Failover", params(("name" = String, Path, description = "Name of the group.")),
    request_body = FailoverBody, responses((status = 200, description = "The group.", body = GroupBody), Problems))]
pub(super) async fn failover(
    _: Admin,
    _: Asked<Nothing>,
    State(state): State<Arc<AppState>>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Json<GroupBody>, Problem> {
    let body: FailoverBody = extract::json(request, BODY_LIMIT).await?;
    let spec = emulator::fail_over(&state.engine, simulation(&state)?, &name, &body.to).await?;
    Ok(Json(GroupBody::of(&name, &spec)))
}

/// Takes an availability group apart; its databases stay on the primary's instance. A group that is made anew under
/// the name is another one.
#[utoipa::path(delete, path = "/emulator/availabilityGroups/{name}", tag = "Availability groups", operation_id = "AvailabilityGroups_Delete",
    params(("name" = String, Path, description = "Name of the group.")), responses((status = 204, description = "Gone."), Problems))]
pub(super) async fn delete(
    _: Admin,
    _: Asked<Nothing>,
    State(state): State<Arc<AppState>>,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    emulator::delete_group(&state.engine, simulation(&state)?, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
