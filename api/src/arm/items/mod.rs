//! Protected items: databases under protection.

pub(crate) mod body;
mod change;
mod delete;
mod get;
mod list;
mod operation_result;
mod operation_status;
mod put;

pub(crate) use body::{ItemBody, ItemList, ItemView, item_id};

use crate::AppState;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Routes of protected items.
pub(crate) fn router() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new()
        .routes(routes!(get::handler, put::handler, delete::handler))
        .routes(routes!(list::handler))
        .routes(routes!(operation_result::handler))
        .routes(routes!(operation_status::handler))
}
