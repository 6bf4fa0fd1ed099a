//! What inquiry has found: protectable items of a vault, workload items of a container.

mod body;
mod list;
mod list_workload;

pub(crate) use body::{ProtectableItemList, ProtectableItemView, WorkloadItemList, WorkloadItemView};

use crate::AppState;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Routes of discovered items.
pub(crate) fn router() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new().routes(routes!(list::handler)).routes(routes!(list_workload::handler))
}
