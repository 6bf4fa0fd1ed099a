//! `Microsoft.DataProtection/resourceGuards`: the guard itself. In Azure it belongs to another service; here it is as much of it as
//! multi-user authorization needs, so that rights can be given at its scope.

mod body;
mod delete;
mod get;
mod put;

pub(crate) use body::{ResourceGuardBody, ResourceGuardView};

use super::names::{ResourceGuardPath, subscription};
use crate::AppState;
use rsvault_domain::fault::Result;
use rsvault_engine::guards::GuardPath;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Routes of guards.
pub(crate) fn router() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new().routes(routes!(get::handler, put::handler, delete::handler))
}

impl ResourceGuardPath {
    /// As use cases know it.
    pub(crate) fn ask(&self) -> Result<GuardPath> {
        Ok(GuardPath {
            subscription: subscription(&self.subscription_id)?,
            resource_group: self.resource_group_name.clone(),
            name: self.resource_guards_name.clone(),
        })
    }
}
