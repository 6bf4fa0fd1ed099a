//! Recovery points.

mod body;
mod get;
mod list;

pub(crate) use body::{PointList, PointView};

use crate::AppState;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Routes of recovery points.
pub(crate) fn router() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new().routes(routes!(get::handler)).routes(routes!(list::handler))
}
