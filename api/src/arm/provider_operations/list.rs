//! GET the operations of the provider. Anyone signed in may ask: the list says what there is, not what is somebody's.

use super::body::ProviderOperationList;
use crate::arm::page::VersionQuery;
use crate::docs;
use crate::edge::{ArmErrors, Caller};
use axum::Json;
use std::sync::LazyLock;

/// The routes do not change while the server runs.
static LIST: LazyLock<ProviderOperationList> = LazyLock::new(|| ProviderOperationList::of(&docs::arm().into_openapi()));

/// Lists the operations that roles may name.
#[utoipa::path(get, path = "/providers/Microsoft.RecoveryServices/operations", tag = "Provider", operation_id = "Operations_List", params(VersionQuery),
    extensions(("x-rsvault-action" = json!(""))),
    responses((status = 200, description = "Operations by name.", body = ProviderOperationList), ArmErrors))]
pub(crate) async fn handler(_: Caller) -> Json<ProviderOperationList> {
    Json(LIST.clone())
}
