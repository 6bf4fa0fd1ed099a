//! A recorder of the ARM surface, for tests of clients: each request with its answer as a line of JSON, in
//! the form that `tests/contract/validate.py` reads. Only with the emulator, and only when a file is named.
//!
//! Always holds: what proves who somebody is (the Authorization header) is not recorded; answers are, whole, with the PINs and
//! the keys of exports that they may carry: it is a test's file, and its owner's alone. A request is answered whether or not
//! it could be written down.

use super::extract::BODY_LIMIT;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use http_body_util::{BodyExt, Limited};
use serde_json::{Value, json};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Where requests are written down.
#[derive(Debug)]
pub struct Recorder(Mutex<File>);

impl Recorder {
    /// Goes on at the end of the file, making it for its owner only.
    pub fn open(path: &Path) -> std::io::Result<Arc<Self>> {
        use std::os::unix::fs::OpenOptionsExt;
        let file = std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
        Ok(Arc::new(Self(Mutex::new(file))))
    }
    fn write(&self, line: &Value) {
        let text = format!("{line}\n");
        if let Err(error) = self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(text.as_bytes()) {
            tracing::warn!(%error, "a request was not recorded");
        }
    }
}

/// Records what passes.
pub(super) async fn record(State(recorder): State<Arc<Recorder>>, request: Request, next: Next) -> Response {
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<usize>().ok());
    if announced.is_some_and(|length| length > BODY_LIMIT) {
        // It is refused by its length; waiting for it to arrive would be waiting for nothing.
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let sent = match Limited::new(body, BODY_LIMIT + 1).collect().await {
        Ok(body) => body.to_bytes(),
        // Too long, or cut: the route says what it thinks of that.
        Err(_) => return next.run(Request::from_parts(parts, Body::from(vec![b' '; BODY_LIMIT + 1]))).await,
    };
    let path = parts.uri.path_and_query().map_or_else(|| parts.uri.path().to_owned(), ToString::to_string);
    let (method, client) = (parts.method.to_string(), client(&parts.headers));
    let answer = next.run(Request::from_parts(parts, Body::from(sent.clone()))).await;
    let (parts, body) = answer.into_parts();
    let got = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => return super::ArmError(rsvault_domain::Fault::internal(error)).into_response(),
    };
    let headers: serde_json::Map<String, Value> =
        parts.headers.iter().map(|(name, value)| (name.to_string(), json!(String::from_utf8_lossy(value.as_bytes())))).collect();
    let mut line =
        json!({"client": client, "method": method, "path": path, "status": parts.status.as_u16(), "body": read(&got), "headers": headers});
    if !sent.is_empty() {
        line["request_body"] = read(&sent);
    }
    recorder.write(&line);
    Response::from_parts(parts, Body::from(got))
}

/// JSON where it is, text where it is not, null where there is nothing.
fn read(bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(bytes)))
}

/// Which client asks: the first product of its User-Agent that is one of Azure's, else the first.
fn client(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut products = agent.split(' ').filter(|word| word.contains('/'));
    let first = products.clone().next().unwrap_or_default();
    products.find(|word| word.starts_with("AZURECLI/") || word.starts_with("azsdk-")).unwrap_or(first).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_known_by_the_name_it_gives() {
        let told = |agent: &str| client(&[(header::USER_AGENT, agent.parse().unwrap())].into_iter().collect());
        assert_eq!(told("AZURECLI/2.91.0 azsdk-python-core/1.39.0 Python/3.13"), "AZURECLI/2.91.0");
        assert_eq!(
            told("azsdk-js-arm-recoveryservicesbackup/13.0.0 core-rest-pipeline/1.16.0"),
            "azsdk-js-arm-recoveryservicesbackup/13.0.0"
        );
        assert_eq!(told("python-requests/2.32.3"), "python-requests/2.32.3");
        assert_eq!(client(&HeaderMap::new()), "");
    }
}
