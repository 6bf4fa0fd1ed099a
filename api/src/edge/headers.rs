//! What every answer carries (wire-facts 1), whatever happened inside, panics included.

use crate::AppState;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use rsvault_domain::Fault;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tracing::Instrument;
use uuid::Uuid;

/// The id of a request, as a request extension.
#[derive(Clone, Copy, Debug)]
pub struct RequestId(pub Uuid);

const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-client-request-id");

/// The client's own id of this request: visible ASCII, at most 128 characters, else none.
pub(crate) fn client_request_id(headers: &HeaderMap) -> Option<&str> {
    let id = headers.get(CLIENT_REQUEST_ID)?.to_str().ok()?;
    (!id.is_empty() && id.len() <= 128).then_some(id)
}

/// Outermost layer: ids, common headers, and a wall against panics.
pub(crate) async fn common(State(state): State<Arc<AppState>>, mut request: Request, next: Next) -> Response {
    let id = Uuid::new_v4();
    request.extensions_mut().insert(RequestId(id));
    let client = client_request_id(request.headers()).and_then(|id| HeaderValue::from_str(id).ok());
    let plain = super::origin::is_plain(request.extensions());
    let span = tracing::info_span!("request", %id, method = %request.method(), path = request.uri().path());
    let outcome = AssertUnwindSafe(next.run(request)).catch_unwind().instrument(span).await;
    let mut response = outcome.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned()).or_else(|| panic.downcast_ref::<String>().cloned());
        super::ArmError(Fault::internal(format!("panic in request {id}: {}", text.unwrap_or_default()))).into_response()
    });
    let headers = response.headers_mut();
    let mut text = Uuid::encode_buffer();
    if let Ok(value) = HeaderValue::from_str(id.hyphenated().encode_lower(&mut text)) {
        headers.insert("x-ms-request-id", value.clone());
        headers.insert("x-ms-correlation-request-id", value);
    }
    let at = state.engine.clock.now().strftime("%Y%m%dT%H%M%SZ");
    if let Ok(value) = HeaderValue::from_str(&format!("RSVAULT:{at}:{id}")) {
        headers.insert("x-ms-routing-request-id", value);
    }
    if let Some(client) = client {
        headers.insert(CLIENT_REQUEST_ID, client);
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
        headers.insert(header::EXPIRES, HeaderValue::from_static("-1"));
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !plain {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000; includeSubDomains"));
    }
    response
}
