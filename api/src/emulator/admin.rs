//! Who may use the emulator surface: anyone while the server listens on loopback (but no web page
//! of another origin, and only under a loopback name), else the holder of an Owner's token.

use crate::AppState;
use crate::edge::Problem;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use http::header;
use rsvault_domain::{Fault, FaultKind};
use std::sync::Arc;

/// Proof that the caller may use the emulator surface: the first argument of its handlers.
pub(crate) struct Admin;

impl FromRequestParts<Arc<AppState>> for Admin {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &Arc<AppState>) -> Result<Self, Problem> {
        let base = state.edge.base_url(parts)?;
        if state.edge.loopback {
            let foreign = |origin: &str| origin != base && !state.edge.owns(origin);
            return match parts.headers.get(header::ORIGIN) {
                Some(origin) if origin.to_str().map_or(true, foreign) => Err(Problem(Fault::new(
                    FaultKind::Forbidden,
                    "ForeignOrigin",
                    "A web page of another origin may not use the emulator surface.",
                ))),
                _ => Ok(Self),
            };
        }
        let (principal, assignments) = crate::edge::authenticate(state, &parts.headers).await.map_err(crate::edge::Denied::into_fault)?;
        let wide = |scope: &str| scope.split('/').filter(|s| !s.is_empty()).count() <= 2;
        if assignments.iter().any(|a| a.role.eq_ignore_ascii_case("Owner") && wide(&a.scope)) {
            return Ok(Self);
        }
        let message = format!(
            "The client '{}' is not an Owner. While the server does not listen on loopback, this surface asks for an Owner's token.",
            principal.client_id
        );
        Err(Problem(Fault::new(FaultKind::Forbidden, "AuthorizationFailed", message)))
    }
}
