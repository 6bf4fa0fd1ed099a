//! The secondary region (rulebook 4.5): what clients of cross-region restore ask, of the region itself and,
//! by its own api-versions, of paths that they share with the primary.
//!
//! Always holds: its versions are [`VERSIONS`]; an answer has no key that the models of those versions do not
//! know; errors have the older body that those clients were recorded with (wire-facts 9), beside the one of today.

mod aad_properties;
mod access_token;
mod error;
mod items;
mod job;
mod jobs;
mod operation_result;
mod operation_status;
mod points;
mod restore;
mod shown;
mod usage;

pub(crate) use items::items;
pub(crate) use points::{point, points};
pub(crate) use shown::storage_config;
pub(crate) use usage::usage;

use crate::AppState;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The api-versions of the secondary region: paths that both regions serve are told apart by them alone.
pub(crate) const VERSIONS: [&str; 2] = ["2021-11-15", "2018-12-20"];

/// Whether a request of this version is for the secondary region.
pub(crate) fn is_secondary(api_version: Option<&str>) -> bool {
    api_version.is_some_and(|version| VERSIONS.contains(&version))
}

/// Routes of the secondary region.
pub(crate) fn router() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new()
        .routes(routes!(aad_properties::handler))
        .routes(routes!(access_token::handler))
        .routes(routes!(restore::handler))
        .routes(routes!(jobs::first, jobs::next))
        .routes(routes!(job::handler))
        .routes(routes!(operation_status::handler))
        .routes(routes!(operation_result::handler))
}
