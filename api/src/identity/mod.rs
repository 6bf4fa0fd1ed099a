//! Sign-in: the tokens that the control plane asks for, and (with the emulator) the endpoints that
//! give them out, in the shapes `az` and the SDKs know (az-client a.1, a.2): ADFS-style under
//! `/adfs`, AAD-style under `/{tenant}`, and the cloud's metadata.

mod discovery;
mod point_access;
mod sign_in;
mod tokens;
mod verified;

pub(crate) use point_access::PointClaims;
pub use tokens::{Claims, TokenError, Tokens};

use crate::AppState;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Routes of the built-in sign-in.
pub fn router() -> OpenApiRouter<Arc<AppState>> {
    OpenApiRouter::new()
        .routes(routes!(discovery::adfs))
        .routes(routes!(discovery::aad))
        .routes(routes!(discovery::keys))
        .routes(routes!(discovery::adfs_keys))
        .routes(routes!(discovery::metadata))
        .routes(routes!(sign_in::adfs))
        .routes(routes!(sign_in::aad))
}

#[cfg(test)]
mod tests;
