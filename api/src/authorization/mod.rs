//! `Microsoft.Authorization`: role assignments at a subscription, a resource group and a vault, and the
//! built-in role definitions that they name.
//!
//! Always holds: the routes of the scopes differ in their path alone; the scope of a request is the
//! part of its path before the provider.

mod assignments;
mod body;
mod definitions;
mod filter;
mod routes;
#[cfg(test)]
mod tests;

use crate::AppState;
use crate::edge::ArmError;
use axum::extract::FromRequestParts;
use http::request::Parts;
use percent_encoding::percent_decode_str;
use rsvault_domain::Fault;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;

/// Routes of role assignments and definitions.
pub fn router() -> OpenApiRouter<Arc<AppState>> {
    routes::router()
}

/// What a request is about.
pub(crate) struct Scope {
    /// The ARM id before `/providers/Microsoft.Authorization`.
    pub(crate) id: String,
    /// Its subscription.
    pub(crate) subscription: String,
    /// The last segment of the path: a name, where the route ends in one.
    pub(crate) name: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Scope {
    type Rejection = ArmError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ArmError> {
        let path = parts.uri.path();
        let (scope, rest) = path
            .split_once("/providers/Microsoft.Authorization/")
            .ok_or_else(|| Fault::internal("a route of Microsoft.Authorization without its provider"))?;
        // An escaped slash stays one: it splits no scope, here as at the gate.
        let decode = |segment: &str| percent_decode_str(segment).decode_utf8_lossy().replace('/', "%2F");
        let segments: Vec<String> = scope.split('/').map(decode).collect();
        let subscription = segments.get(2).cloned().unwrap_or_default();
        Ok(Self { id: segments.join("/"), subscription, name: decode(rest.rsplit('/').next().unwrap_or_default()) })
    }
}
