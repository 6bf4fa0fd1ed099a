//! The ARM control plane: Azure's paths and bodies, translated to use cases of the engine and back.
//!
//! One resource type per folder, one operation per file. What all of them share stands beside this file:
//! [`names`] (paths), [`page`] and [`filter`] (queries), [`fields`] (bodies), [`lro`] and [`links`]
//! (operations), [`moment`] (times), [`ask`] (what use cases take).
//!
//! Always holds: a handler decides nothing; unknown fields are ignored, unknown words are refused by name.

mod alerts;
mod ask;
mod backups;
mod containers;
mod fabrics;
mod fields;
mod filter;
mod guards;
mod intents;
mod item_schedule;
mod items;
mod jobs;
mod links;
mod locations;
mod lro;
mod metrics;
mod moment;
mod names;
mod operations;
mod page;
mod points;
mod policies;
mod protectable;
mod restore_plan;
mod restores;
mod storage_config;
#[cfg(test)]
mod tests;
mod validate;
mod vault_config;
mod vaults;

use crate::AppState;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;

/// Routes of the control plane.
pub fn router() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new()
        .merge(vaults::router())
        .merge(vault_config::router())
        .merge(storage_config::router())
        .merge(policies::router())
        .merge(fabrics::router())
        .merge(containers::router())
        .merge(protectable::router())
        .merge(intents::router())
        .merge(items::router())
        .merge(backups::router())
        .merge(points::router())
        .merge(restores::router())
        .merge(restore_plan::router())
        .merge(item_schedule::router())
        .merge(validate::router())
        .merge(jobs::router())
        .merge(operations::router())
        .merge(alerts::router())
        .merge(metrics::router())
        .merge(guards::router())
        .merge(locations::router())
}
