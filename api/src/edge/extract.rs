//! axum's extractors with ARM errors: a bad path, query or body is a 400 that names the place.

use super::ArmError;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use rsvault_domain::{Fault, FaultKind};
use serde::de::DeserializeOwned;

/// Largest body of the control plane.
pub const BODY_LIMIT: usize = 1 << 20;

/// Path parameters, percent-decoded.
#[derive(Clone, Copy, Debug)]
pub struct ArmPath<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for ArmPath<T> {
    type Rejection = ArmError;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ArmError> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(rejection) => {
                Err(ArmError(Fault::invalid("InvalidRequestUri", format!("The request URI is invalid: {}.", rejection.body_text()))))
            }
        }
    }
}

/// Query parameters. The gate has restored the casing of Azure's own (`$filter`, `$skipToken`,
/// `$top`, `api-version`).
#[derive(Clone, Copy, Debug)]
pub struct ArmQuery<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for ArmQuery<T> {
    type Rejection = ArmError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ArmError> {
        match Query::<T>::try_from_uri(&parts.uri) {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => {
                Err(ArmError(Fault::invalid("InvalidQueryParameter", format!("The query string is invalid: {}.", rejection.body_text()))))
            }
        }
    }
}

/// A JSON body of at most [`BODY_LIMIT`] bytes. Unknown fields are ignored, as Azure does.
#[derive(Clone, Copy, Debug)]
pub struct ArmJson<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for ArmJson<T> {
    type Rejection = ArmError;
    async fn from_request(request: Request, _: &S) -> Result<Self, ArmError> {
        Ok(Self(json(request, BODY_LIMIT).await?))
    }
}

/// A JSON body that may be left out.
#[derive(Clone, Copy, Debug)]
pub struct ArmJsonOrNothing<T>(pub T);

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for ArmJsonOrNothing<T> {
    type Rejection = ArmError;
    async fn from_request(request: Request, _: &S) -> Result<Self, ArmError> {
        let bytes = body(request, BODY_LIMIT).await?;
        if bytes.trim_ascii().is_empty() {
            return Ok(Self(T::default()));
        }
        Ok(Self(json(Request::new(bytes.into()), BODY_LIMIT).await?))
    }
}

/// Reads and parses a JSON body, whatever surface it is for.
pub(crate) async fn json<T: DeserializeOwned>(request: Request, limit: usize) -> Result<T, Fault> {
    let bytes = body(request, limit).await?;
    if bytes.is_empty() {
        return Err(Fault::invalid("InvalidRequestContent", "The request content was invalid: the body is empty. Send a JSON object."));
    }
    if bytes.windows(6).any(|w| w == br"\u0000") {
        return Err(Fault::invalid(
            "InvalidRequestContent",
            "The request content was invalid: a text in it contains a NUL character (\\u0000). Remove it.",
        ));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(&bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let (path, cause) = (error.path().to_string(), error.inner());
        // A place is known only in JSON that is JSON.
        if !cause.is_data() || path == "." {
            return Fault::invalid(
                "InvalidRequestContent",
                format!("The request content was invalid and could not be deserialized: {cause}."),
            );
        }
        Fault::invalid(
            "InvalidRequestContent",
            format!("The request content was invalid and could not be deserialized: '{path}': {cause}."),
        )
        .at(path)
    })?;
    deserializer.end().map_err(|error| Fault::invalid("InvalidRequestContent", format!("The request content was invalid: {error}.")))?;
    Ok(value)
}

/// How long a body may take to arrive.
const ARRIVAL: std::time::Duration = std::time::Duration::from_secs(60);

/// Reads a body of bounded size, in bounded time.
pub(crate) async fn body(request: Request, limit: usize) -> Result<bytes::Bytes, Fault> {
    let arrived = tokio::time::timeout(ARRIVAL, Limited::new(request.into_body(), limit).collect()).await;
    match arrived.map_err(|_| {
        let rule = format!("The request body did not arrive within {} s. Send it again.", ARRIVAL.as_secs());
        Fault::invalid("InvalidRequestContent", rule)
    })? {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large(limit)),
        Err(error) => Err(Fault::invalid("InvalidRequestContent", "The request body broke off. Send it again.").because(error)),
    }
}

/// Reads what a refused request still sends, within bounds: a connection with an unread body is closed, and the client's
/// next request on it would fail without an answer.
pub(crate) async fn drain(body: axum::body::Body) {
    let mut body = Limited::new(body, BODY_LIMIT);
    let read = async { while let Some(Ok(_)) = body.frame().await {} };
    // Too large, broken or slow: the connection then ends, which is all that is lost.
    let _ = tokio::time::timeout(std::time::Duration::from_secs(2), read).await;
}

/// The fault of a body over the limit.
pub(crate) fn too_large(limit: usize) -> Fault {
    Fault::new(FaultKind::TooLarge, "RequestContentTooLarge", format!("The request body is larger than the limit of {limit} bytes."))
}
