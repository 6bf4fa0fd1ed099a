//! Who asks. The gate makes one for every request of the ARM surface after it has checked the
//! token and the right; a handler cannot get one otherwise.

use super::ArmError;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use rsvault_domain::Fault;
use rsvault_domain::access::RoleAssignment;
use std::sync::Arc;
use uuid::Uuid;

/// A checked caller with what its request is known by. Dereferences to the engine's own
/// [`rsvault_engine::Caller`], so `&caller` is what a use case wants.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The engine's view of it.
    pub engine: rsvault_engine::Caller,
    /// What it may do.
    pub assignments: Arc<[RoleAssignment]>,
    /// This request, as in `x-ms-request-id`.
    pub request_id: Uuid,
    /// Base URL (no trailing slash) for links in the answer.
    pub base_url: String,
}

impl std::ops::Deref for Caller {
    type Target = rsvault_engine::Caller;
    fn deref(&self) -> &Self::Target {
        &self.engine
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ArmError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ArmError> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| ArmError(Fault::internal("a route that wants a caller stands outside the gate")))
    }
}
