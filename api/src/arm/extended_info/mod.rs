//! `extendedInformation/vaultExtendedInfo`: keys that agents of other workloads keep with the vault.

mod body;
mod get;
mod patch;
mod put;

pub(crate) use body::{ExtendedInfoBody, ExtendedInfoView};

use crate::AppState;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Routes of the extended information.
pub(crate) fn router() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new().routes(routes!(get::handler, put::handler, patch::handler))
}
