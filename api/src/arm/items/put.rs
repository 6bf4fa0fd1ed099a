//! PUT a protected item: enable, change policy, resume, stop, undelete. 202 with nothing.

use super::ItemBody;
use super::change::change;
use crate::AppState;
use crate::arm::links;
use crate::arm::lro::{AcceptedDoc, Lro};
use crate::arm::names::{ItemPath, at_item};
use crate::arm::page::VersionQuery;
use crate::edge::{ArmError, ArmErrors, ArmJson, ArmPath, ArmQuery, Caller};
use axum::extract::State;
use axum::response::Response;
use rsvault_engine::protection;
use std::sync::Arc;

/// Changes the protection of a database.
#[utoipa::path(put, path = at_item!(""), tag = "Protected items", operation_id = "ProtectedItems_CreateOrUpdate", params(ItemPath, VersionQuery), request_body = ItemBody,
    responses(AcceptedDoc, ArmErrors))]
pub(crate) async fn handler(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    ArmPath(path): ArmPath<ItemPath>,
    ArmQuery(query): ArmQuery<VersionQuery>,
    ArmJson(mut body): ArmJson<ItemBody>,
) -> Result<Response, ArmError> {
    let requests = body.properties.as_mut().and_then(|properties| properties.resource_guard_operation_requests.take());
    let showing = caller.engine.showing(requests);
    let operation = protection::put(&state.engine, &showing, &path.ask()?, &change(body)?).await?;
    Ok(Lro::new(&caller, query.api_version.as_deref(), links::of_item(&path, operation.id)).accepted())
}
