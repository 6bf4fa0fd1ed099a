//! One mapping from [`Fault`] to the ARM error body. 5xx carries only its code and the request id
//! (which travels in the headers); the private half goes to the log here and nowhere else.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use rsvault_domain::ports::{ObjectError, StoreError};
use rsvault_domain::{Fault, FaultKind};
use serde::{Deserialize, Serialize};
use utoipa::{IntoResponses, ToSchema};

/// The body of every error of the ARM surface.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct CloudError {
    /// The error.
    pub error: CloudErrorBody,
}

/// An error.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct CloudErrorBody {
    /// Stable machine word.
    pub code: String,
    /// What is wrong, which rule it breaks, what to do.
    pub message: String,
    /// The field or resource at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Further errors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(no_recursion)]
    pub details: Vec<CloudErrorBody>,
}

/// For `responses(…)` of a route: what any ARM route may answer besides its success.
#[derive(IntoResponses)]
#[response(status = "default", description = "Error: the code says what, the message what to do.")]
#[allow(dead_code)] // read by the document generator alone
pub struct ArmErrors(CloudError);

/// A [`Fault`] on its way to an ARM client. `?` makes one of any fault or port error.
#[derive(Debug)]
pub struct ArmError(pub Fault);

impl<F: Into<Fault>> From<F> for ArmError {
    fn from(fault: F) -> Self {
        Self(fault.into())
    }
}

/// The status of a fault, for every surface.
pub fn status(kind: FaultKind) -> StatusCode {
    match kind {
        FaultKind::Invalid | FaultKind::Unsupported => StatusCode::BAD_REQUEST,
        FaultKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        FaultKind::Forbidden => StatusCode::FORBIDDEN,
        FaultKind::NotFound => StatusCode::NOT_FOUND,
        FaultKind::Conflict => StatusCode::CONFLICT,
        FaultKind::Stale => StatusCode::PRECONDITION_FAILED,
        FaultKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        FaultKind::Throttled => StatusCode::TOO_MANY_REQUESTS,
        FaultKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        FaultKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Writes the private half of a fault to the log, at the place where the fault is consumed.
pub fn log(fault: &Fault) {
    let internal = fault.internal_detail().unwrap_or("");
    if matches!(fault.kind, FaultKind::Internal | FaultKind::Unavailable) {
        tracing::error!(code = %fault.code, internal, "request failed");
    } else {
        tracing::debug!(code = %fault.code, message = %fault.message, internal, "request refused");
    }
}

impl IntoResponse for ArmError {
    fn into_response(self) -> Response {
        let fault = self.0;
        log(&fault);
        let status = status(fault.kind);
        let retry = fault.retryable && status != StatusCode::INTERNAL_SERVER_ERROR;
        let mut response = (status, Json(CloudError { error: error_body(&fault) })).into_response();
        if retry {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}

/// A fault as the ARM surface says it.
pub(crate) fn error_body(fault: &Fault) -> CloudErrorBody {
    CloudErrorBody {
        code: fault.code.to_string(),
        message: fault.message.clone(),
        target: fault.target.clone(),
        details: fault.details().iter().map(error_body).collect(),
    }
}

/// An ARM error answer of a status that no fault has.
pub(super) fn answer(status: StatusCode, code: &str, message: String) -> Response {
    let error = CloudErrorBody { code: code.to_owned(), message, target: None, details: Vec::new() };
    (status, Json(CloudError { error })).into_response()
}

// The port errors become faults by their own `From`; these lines make that visible to `?` users.
const _: fn(StoreError) -> ArmError = ArmError::from;
const _: fn(ObjectError) -> ArmError = ArmError::from;
