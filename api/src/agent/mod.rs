//! The agent surface.
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;

/// Routes of the agent surface.
pub fn router() -> OpenApiRouter<Arc<rsvault_engine::Engine>> {
    OpenApiRouter::new()
}
