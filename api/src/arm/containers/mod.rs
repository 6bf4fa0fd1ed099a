//! Protection containers: servers that a vault may take, or has taken.

pub(crate) mod body;
mod delete;
mod get;
mod inquire;
mod list;
mod list_deleted;
mod list_protectable;
pub(crate) mod nodes;
mod operation_result;
mod operation_status;
mod put;

pub(crate) use body::{ContainerBody, ContainerList, ContainerView, ProtectableContainerList, ProtectableContainerView};

use crate::AppState;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Routes of containers.
pub(crate) fn router() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new()
        .routes(routes!(get::handler, put::handler, delete::handler))
        .routes(routes!(list::handler))
        .routes(routes!(list_deleted::handler))
        .routes(routes!(list_protectable::handler))
        .routes(routes!(inquire::handler))
        .routes(routes!(operation_result::handler))
        .routes(routes!(operation_status::handler))
}
