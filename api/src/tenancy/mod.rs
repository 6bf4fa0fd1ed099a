//! What stands above vaults on the ARM surface, as far as clients of the backup story ask for it:
//! tenants, subscriptions, resource groups, and the virtual machines that are servers.

mod groups;
mod machines;
mod subscriptions;

use crate::AppState;
use rsvault_domain::fault::Fault;
use rsvault_domain::id::SubscriptionId;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Routes of the tenancy resources.
pub fn router() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new()
        .routes(routes!(subscriptions::tenants))
        .routes(routes!(subscriptions::list))
        .routes(routes!(subscriptions::get))
        .routes(routes!(groups::list))
        .routes(routes!(groups::get, groups::head, groups::put, groups::delete))
        .routes(routes!(machines::get))
}

fn subscription_id(text: &str) -> Result<SubscriptionId, Fault> {
    text.parse().map_err(|_| {
        Fault::invalid(
            "InvalidSubscriptionId",
            format!("The provided subscription identifier '{text}' is malformed or invalid. It must be a GUID."),
        )
    })
}
