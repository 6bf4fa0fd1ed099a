//! axum's extractors with problem+json errors.

use crate::edge::Problem;
use crate::edge::extract::json;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use http::request::Parts;
use rsvault_domain::Fault;
use serde::de::DeserializeOwned;

/// Largest JSON body: an inventory of tens of thousands of databases fits.
const JSON_LIMIT: usize = 16 << 20;

/// A JSON body.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        Ok(Self(json(request, JSON_LIMIT).await?))
    }
}

/// Path parameters.
pub(super) struct At<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for At<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(rejection) => Err(Problem(Fault::invalid("InvalidPath", format!("The path is invalid: {}.", rejection.body_text())))),
        }
    }
}
