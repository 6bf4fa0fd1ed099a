//! Recovery points.

mod body;
mod get;
mod list;
mod move_to_tier;

pub(crate) use body::{Detail, PointList, PointView};
pub(crate) use list::Asked;

use crate::AppState;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Routes of recovery points.
pub(crate) fn router() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new().routes(routes!(get::handler)).routes(routes!(list::handler)).routes(routes!(move_to_tier::handler))
}
