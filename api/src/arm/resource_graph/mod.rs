//! `Microsoft.ResourceGraph/resources`, as far as `az backup deleted-vault list-containers` asks it: the items of soft-deleted vaults.
//! Azure Resource Graph is another service with a language of its own; whatever else is asked is refused by name.

mod body;
mod query;
mod search;

use crate::AppState;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The route of the graph.
pub(crate) fn router() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new().routes(routes!(search::handler))
}
