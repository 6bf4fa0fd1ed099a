//! Errors as the secondary region tells them: `ErrorCode`, `Message`, `Values` (wire-facts 9), and beside them the
//! `error` of today, which its own SDK looks for: without it, people would be shown raw JSON.

use crate::edge::{ArmError, CloudErrorBody, error_body};
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use rsvault_domain::Fault;
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RegionError {
    /// As routes of the primary say it.
    #[serde(rename = "error")]
    error: CloudErrorBody,
    error_code: String,
    message: Message,
    values: Vec<Pair>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Message {
    language: &'static str,
    value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Pair {
    key: &'static str,
    value: String,
}

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
        let error = error_body(&self.0);
        let body = RegionError {
            error_code: error.code.clone(),
            message: Message { language: "en-us", value: error.message.clone() },
            values: error.target.iter().map(|target| Pair { key: "target", value: target.clone() }).collect(),
            error,
        };
        let plain = ArmError(self.0).into_response();
        match serde_json::to_vec(&body) {
            Ok(bytes) => Response::from_parts(plain.into_parts().0, Body::from(bytes)),
            Err(_) => plain,
        }
    }
}
