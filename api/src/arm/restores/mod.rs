//! Restores.

mod body;
mod trigger;

pub(crate) use body::{RestoreBody, RestorePropertiesBody};

use crate::AppState;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Routes of restores.
pub(crate) fn router() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new().routes(routes!(trigger::handler))
}
