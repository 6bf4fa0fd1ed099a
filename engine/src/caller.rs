//! Who asks, and with which correlation: the first argument of each use case.

use rsvault_domain::access::Principal;

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
}
