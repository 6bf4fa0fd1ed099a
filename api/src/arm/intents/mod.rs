//! Protection intents: auto-protection of instances and availability groups.

mod body;
mod delete;
mod get;
mod list;
mod put;

pub(crate) use body::{IntentBody, IntentList, IntentView};

use crate::AppState;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Routes of protection intents.
pub(crate) fn router() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new().routes(routes!(get::handler, put::handler, delete::handler)).routes(routes!(list::handler))
}
