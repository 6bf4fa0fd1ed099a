//! Jobs.

mod body;
mod cancel;
mod download;
mod export;
mod export_result;
mod filter;
mod get;
mod list;
mod operation_result;
mod operation_status;

pub(crate) use body::{JobList, JobView};
pub(crate) use download::downloads;
pub(crate) use filter::wanted;

use crate::AppState;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Routes of jobs.
pub(crate) fn router() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new()
        .routes(routes!(get::handler))
        .routes(routes!(list::handler))
        .routes(routes!(cancel::handler))
        .routes(routes!(export::handler))
        .routes(routes!(export_result::handler))
        .routes(routes!(operation_result::handler))
        .routes(routes!(operation_status::handler))
}
