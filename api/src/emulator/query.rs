//! The query of a request to the emulator surface.
//!
//! Always holds: a parameter that the route does not have is refused by name. Ignored, it would answer
//! another question than the one that was asked.

use crate::edge::Problem;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use rsvault_domain::Fault;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The parameters of a route; their type denies unknown fields.
pub(super) struct Asked<T>(pub(super) T);

/// Of a route that has none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match Query::<T>::try_from_uri(&parts.uri) {
            Ok(Query(asked)) => Ok(Self(asked)),
            Err(rejection) => {
                let message = format!("The query string is invalid: {}.", rejection.body_text());
                Err(Problem(Fault::invalid("InvalidQueryParameter", message)))
            }
        }
    }
}
