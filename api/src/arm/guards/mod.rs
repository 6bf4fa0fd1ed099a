//! Resource Guard proxies: how a vault is linked to the guard that its critical operations ask for. Clients ask for the list
//! before most writes.

mod body;
mod delete;
mod get;
mod list;
mod put;
mod unlock_delete;

pub(crate) use body::{GuardProxyBody, GuardProxyList, GuardProxyView, UnlockDeleteBody, UnlockDeleteView};

use crate::AppState;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Routes of proxies.
pub(crate) fn router() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new()
        .routes(routes!(list::handler))
        .routes(routes!(get::handler, put::handler, delete::handler))
        .routes(routes!(unlock_delete::handler))
}
