//! The ARM control plane.
use crate::AppState;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;

/// Routes of the control plane.
pub fn router() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new()
}
