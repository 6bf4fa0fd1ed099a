//! `privateLinkResources`: what a private endpoint of a vault can reach, and the names it needs.

mod body;
mod get;
mod list;

pub(crate) use body::{PrivateLinkList, PrivateLinkView};

use crate::AppState;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Routes of private link resources.
pub(crate) fn router() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new().routes(routes!(list::handler)).routes(routes!(get::handler))
}
