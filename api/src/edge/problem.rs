//! The one mapping from [`Fault`] to RFC 9457 problem details, for the surfaces that are rsvault's own
//! (agents, emulator, sign-in).

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use rsvault_domain::{Fault, FaultKind};
use rsvault_protocol::messages::Problem as ProblemBody;
use utoipa::IntoResponses;

/// For `responses(…)` of a route: what it may answer besides its success.
#[derive(IntoResponses)]
#[response(
    status = "default",
    description = "Problem (RFC 9457): the code says what, the detail what to do.",
    content_type = "application/problem+json"
)]
#[allow(dead_code, reason = "read by the document generator alone")]
pub struct Problems(ProblemBody);

/// A [`Fault`] on its way to a client that is not of ARM.
#[derive(Debug)]
pub struct Problem(pub Fault);

impl<F: Into<Fault>> From<F> for Problem {
    fn from(fault: F) -> Self {
        Self(fault.into())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let fault = self.0;
        crate::edge::log(&fault);
        let status = crate::edge::status(fault.kind);
        let body = ProblemBody {
            kind: format!("urn:rsvault:problem:{}", fault.code),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: fault.message,
            code: fault.code.into_owned(),
            field: fault.target,
        };
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if fault.kind == FaultKind::Throttled || fault.kind == FaultKind::Unavailable {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"rsvault\""));
        }
        response
    }
}
