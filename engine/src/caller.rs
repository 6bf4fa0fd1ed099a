//! Who asks, and with which correlation: the first argument of each use case.

use rsvault_domain::access::Principal;

impl Caller {
    /// The same caller with the guard's requests that its body names.
    #[must_use]
    pub fn showing(&self, guard_requests: Option<Vec<String>>) -> Self {
        Self { guard_requests: guard_requests.unwrap_or_default(), ..self.clone() }
    }
}

/// A checked caller.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The principal whose token was verified and whose right to this action was checked.
    pub principal: Principal,
    /// `x-ms-client-request-id`, or one made by the edge: becomes the job's `activityId`.
    pub activity_id: String,
    /// Method, path and client request id where the client sent one: a repeat of a trigger with the
    /// same key is the same trigger.
    pub request_key: Option<String>,
    /// Requests of a Resource Guard that the body names (`resourceGuardOperationRequests`), for a critical operation.
    pub guard_requests: Vec<String>,
}
