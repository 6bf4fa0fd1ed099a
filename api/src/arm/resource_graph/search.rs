//! POST a query to the graph. Anyone signed in may ask; rows are of deleted vaults that the caller may read.

use super::body::{GraphBody, GraphRow, GraphView};
use super::query;
use crate::AppState;
use crate::arm::fields::required;
use crate::arm::names::subscription;
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmJson, Caller};
use axum::Json;
use axum::extract::State;
use rsvault_domain::access::allowed;
use rsvault_engine::vaults;
use std::collections::HashSet;
use std::sync::Arc;

/// Asks for the items of deleted vaults.
#[utoipa::path(post, path = "/providers/Microsoft.ResourceGraph/resources", tag = "Deleted vaults", operation_id = "Resources", params(VersionQuery), request_body = GraphBody,
    extensions(("x-rsvault-action" = json!(""))),
    responses((status = 200, description = "All rows.", body = GraphView), ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmJson(body): ArmJson<GraphBody>,
) -> Result<Json<GraphView>, ArmError> {
    let query = query::read(&required(body.query, "query")?)?;
    let options = body.options.unwrap_or_default();
    let asked = match body.subscriptions.or(options.subscriptions) {
        Some(ids) => Some(ids.iter().map(|id| subscription(id)).collect::<Result<HashSet<_>, _>>()?),
        None => None,
    };
    // Those that stand, each once, however often a client names them.
    let mut subscriptions = state.engine.store.read().await?.subscriptions().await?;
    subscriptions.retain(|one| asked.as_ref().is_none_or(|asked| asked.contains(&one.id)));
    let mut data = Vec::new();
    for subscription in subscriptions.into_iter().map(|one| one.id) {
        let may_see =
            |vault: &_| allowed(&caller.assignments, "Microsoft.RecoveryServices/locations/deletedVaults/read", &vaults::deleted_id(vault));
        for item in vaults::deleted_items(&state.engine, subscription, may_see).await? {
            let id = GraphRow::id(&item).to_lowercase();
            if query.contains.iter().all(|part| id.contains(part)) {
                data.push(GraphRow::new(&item, state.engine.clock.now()));
            }
        }
    }
    Ok(Json(GraphView { total_records: data.len(), count: data.len(), result_truncated: "false", data, facets: [] }))
}
