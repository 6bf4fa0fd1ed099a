//! `privateEndpointConnections`: connections of private endpoints to a vault, kept and told. rsvault makes no endpoints.

mod body;
mod delete;
mod get;
mod operation_status;
mod put;

pub(crate) use body::{EndpointBody, EndpointOfVaultView, EndpointView};

use crate::AppState;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Routes of private endpoint connections.
pub(crate) fn router() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new().routes(routes!(get::handler, put::handler, delete::handler)).routes(routes!(operation_status::handler))
}
