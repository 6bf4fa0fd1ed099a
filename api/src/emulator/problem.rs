//! RFC 9457 problem bodies, for the surfaces that are rsvault's own.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use rsvault_domain::Fault;
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

/// A problem.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// `about:blank`: the code says what it is.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    /// HTTP status.
    status: u16,
    /// What is wrong, which rule it breaks, what to do.
    detail: String,
    /// Stable machine word.
    code: String,
    /// The field at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
}

/// For `responses(…)` of a route: what it may answer besides its success.
#[derive(IntoResponses)]
#[response(status = "default", description = "Problem (RFC 9457).", content_type = "application/problem+json")]
#[allow(dead_code)] // read by the document generator alone
pub struct Problems(ProblemBody);

/// A [`Fault`] on its way to a client of the emulator surface.
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
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: fault.message,
            code: fault.code.into_owned(),
            target: fault.target,
        };
        let mut response = (status, axum::Json(body)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}
