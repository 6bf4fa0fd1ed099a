//! The ARM control plane: Azure's paths and bodies, translated to use cases of the engine and back.
//!
//! One resource type per folder, one operation per file. What all of them share stands beside this file:
//! [`names`] (paths), [`page`] and [`filter`] (queries), [`fields`] (bodies), [`lro`] and [`links`]
//! (operations), [`moment`] (times), [`ask`] (what use cases take).
//!
//! Always holds: a handler decides nothing; unknown fields are ignored, unknown words are refused by name.

mod alerts;
mod api_version;
mod ask;
mod backups;
mod certificates;
mod containers;
mod cross_region;
mod data_move;
mod deleted_vaults;
pub(crate) mod dry_run;
mod encryption_config;
mod extended_info;
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
pub(crate) mod moment;
pub(crate) mod names;
mod operations;
pub(crate) mod page;
mod points;
mod policies;
mod private_endpoints;
mod private_links;
mod protectable;
mod provider_operations;
mod registered_identities;
mod resource_graph;
mod resource_guards;
mod restore_plan;
mod restores;
mod security_pin;
mod storage_config;
#[cfg(test)]
mod tests;
mod tiering_cost;
mod usages;
mod validate;
mod vault_config;
mod vaults;

pub use api_version::SoftDeleteOff;

use crate::AppState;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;

pub(crate) use jobs::downloads;

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
        .merge(resource_guards::router())
        .merge(deleted_vaults::router())
        .merge(resource_graph::router())
        .merge(locations::router())
        .merge(cross_region::router())
        .merge(usages::router())
        .merge(provider_operations::router())
        .merge(private_links::router())
        .merge(private_endpoints::router())
        .merge(certificates::router())
        .merge(registered_identities::router())
        .merge(extended_info::router())
        .merge(encryption_config::router())
        .merge(data_move::router())
        .merge(security_pin::router())
        .merge(tiering_cost::router())
}
