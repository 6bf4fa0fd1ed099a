//! Validation of a restore before it is asked for: at once, or by an operation.
//!
//! Always holds: the verdict is what the restore itself would be answered; a refusal is a result, not an
//! error of the validation.

mod at_once;
mod body;
mod result;
mod status;
mod trigger;

pub(crate) use body::ValidationStatusPropertiesView;

use crate::AppState;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Routes of validation.
pub(crate) fn router() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new()
        .routes(routes!(at_once::handler))
        .routes(routes!(trigger::handler))
        .routes(routes!(result::handler))
        .routes(routes!(status::handler))
}
