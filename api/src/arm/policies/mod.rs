//! `backupPolicies`.

mod body;
mod delete;
mod get;
mod list;
mod operation_result;
mod operation_status;
mod put;
mod read;
mod show;

pub(crate) use body::{PolicyBody, PolicyList, PolicyView};

use crate::AppState;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Routes of policies.
pub(crate) fn router() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new()
        .routes(routes!(get::handler, put::handler, delete::handler))
        .routes(routes!(list::handler))
        .routes(routes!(operation_status::handler))
        .routes(routes!(operation_result::handler))
}
