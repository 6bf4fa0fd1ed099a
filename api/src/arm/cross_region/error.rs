//! Errors as the secondary region tells them: `ErrorCode`, `Message`, `Values` (wire-facts 9). What the gate in
//! front of all routes refuses keeps the body of today.

use crate::edge::{CloudError, log, status};
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use rsvault_domain::Fault;
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

/// An error of the secondary region.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RegionError {
    /// Stable machine word.
    pub(crate) error_code: String,
    /// What is wrong, which rule it breaks, what to do.
    pub(crate) message: RegionMessage,
    /// `target`: the field or resource at fault.
    pub(crate) values: Vec<RegionValue>,
}

/// A text.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RegionMessage {
    /// `en-us`.
    pub(crate) language: &'static str,
    /// The text.
    pub(crate) value: String,
}

/// A pair.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RegionValue {
    /// Name.
    pub(crate) key: &'static str,
    /// Value.
    pub(crate) value: String,
}

/// The body of an error, from the region or from the gate.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "read by the document generator alone")]
pub(crate) enum AnyError {
    /// Of the gate, and of the primary.
    Arm(CloudError),
    /// Of the secondary region.
    Region(RegionError),
}

/// For `responses(…)` of a route that the secondary region answers.
#[derive(IntoResponses)]
#[response(status = "default", description = "Error: the code says what, the message what to do.")]
#[allow(dead_code, reason = "read by the document generator alone")]
pub(crate) struct SecondaryErrors(AnyError);

/// A [`Fault`] on its way to a client of the secondary region.
#[derive(Debug)]
pub(crate) struct SecondaryError(pub(crate) Fault);

impl<F: Into<Fault>> From<F> for SecondaryError {
    fn from(fault: F) -> Self {
        Self(fault.into())
    }
}

impl IntoResponse for SecondaryError {
    fn into_response(self) -> Response {
        let fault = self.0;
        log(&fault);
        let status = status(fault.kind);
        let body = RegionError {
            error_code: fault.code.into_owned(),
            message: RegionMessage { language: "en-us", value: fault.message },
            values: fault.target.into_iter().map(|value| RegionValue { key: "target", value }).collect(),
        };
        let mut response = (status, Json(body)).into_response();
        if fault.retryable && status != http::StatusCode::INTERNAL_SERVER_ERROR {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}
