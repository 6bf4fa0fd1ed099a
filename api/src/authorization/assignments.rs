//! Role assignments: the four verbs, whatever the scope.

use super::Scope;
use super::body::{AssignmentList, AssignmentView, RoleAssignmentCreateParameters};
use super::filter;
use crate::AppState;
use crate::arm::page::{ListQuery, next_link};
use crate::edge::{ArmError, Caller};
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, Uri};
use rsvault_engine::access;

pub(super) async fn list(
    state: &AppState,
    caller: &Caller,
    scope: &Scope,
    query: &ListQuery,
    uri: &Uri,
) -> Result<Json<AssignmentList>, ArmError> {
    let asked = filter::assignments(query.filter.as_deref())?;
    let slice = access::list(&state.engine, &scope.id, asked, &query.page()?).await?;
    let value = slice.items.iter().map(|found| AssignmentView::new(found, &scope.subscription)).collect();
    Ok(Json(AssignmentList { value, next_link: next_link(&caller.base_url, uri, slice.next.as_deref()) }))
}

pub(super) async fn get(state: &AppState, scope: &Scope) -> Result<Json<AssignmentView>, ArmError> {
    let found = access::get(&state.engine, &scope.id, &scope.name).await?;
    Ok(Json(AssignmentView::new(&found, &scope.subscription)))
}

pub(super) async fn put(
    state: &AppState,
    caller: &Caller,
    scope: &Scope,
    body: RoleAssignmentCreateParameters,
) -> Result<Response, ArmError> {
    let (given, new) = access::give(&state.engine, caller, &scope.id, &scope.name, &body.grant()?).await?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(AssignmentView::new(&given, &scope.subscription))).into_response())
}

pub(super) async fn delete(state: &AppState, caller: &Caller, scope: &Scope) -> Result<Response, ArmError> {
    Ok(match access::take(&state.engine, caller, &scope.id, &scope.name).await? {
        Some(stood) => Json(AssignmentView::new(&stood, &scope.subscription)).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}
