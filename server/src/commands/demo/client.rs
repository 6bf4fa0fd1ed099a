//! A client of the vault, as any script would write one: sign in, ask, follow long operations.

use crate::exit::{Failure, Outcome};
use reqwest::{Method, StatusCode, header::HeaderMap};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

const API_VERSION: &str = "2026-08-01";
const REQUEST: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(150);
/// Polls of one operation before it counts as stuck; a poll may be held open by the server.
const POLLS: u32 = 1200;

/// A signed-in client.
pub(super) struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
}

/// An answer.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
}

impl Answer {
    fn url(&self, header: &str) -> Option<String> {
        Some(self.headers.get(header)?.to_str().ok()?.to_owned())
    }
}

impl Client {
    /// Signs in with the client credentials grant, as `az login --service-principal` does.
    pub(super) async fn sign_in(base: &str, ca: &Path, id: &str, secret: &str) -> Outcome<Self> {
        let pem = std::fs::read(ca).map_err(|e| Failure::run(format!("cannot read {}: {e}", ca.display())))?;
        let certificate = reqwest::Certificate::from_pem(&pem).map_err(|e| Failure::run(format!("{}: {e}", ca.display())))?;
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(REQUEST)
            .tls_certs_only([certificate])
            .build()
            .map_err(|e| Failure::run(format!("cannot make an HTTP client: {e}")))?;
        let mut client = Self { http, base: base.to_owned(), token: String::new() };
        let scope = format!("{base}/.default");
        let form = [("client_id", id), ("client_secret", secret), ("grant_type", "client_credentials"), ("scope", scope.as_str())];
        let request = client.http.post(format!("{base}/adfs/oauth2/token")).form(&form);
        let answer = client.take(request).await?;
        client.token = text(&answer.body, "/access_token")?.to_owned();
        Ok(client)
    }

    /// Sends to the control plane or the emulator; an error answer is a failure with its message.
    pub(super) async fn send(&self, method: Method, path: &str, query: &[(&str, &str)], body: Option<&Value>) -> Outcome<Answer> {
        let mut request = self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token);
        if path.starts_with("/subscriptions") {
            request = request.query(&[("api-version", API_VERSION)]);
        }
        request = request.query(query);
        if let Some(body) = body {
            request = request.json(body);
        } else {
            request = request.header(reqwest::header::CONTENT_LENGTH, 0);
        }
        self.take(request).await
    }
    pub(super) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Outcome<Value> {
        let request = self.http.get(format!("{}{path}", self.base)).bearer_auth(&self.token);
        let request = if path.starts_with("/subscriptions") { request.query(&[("api-version", API_VERSION)]) } else { request };
        Ok(self.take(request.query(query)).await?.body)
    }
    /// All elements of a list, over its pages.
    pub(super) async fn list(&self, path: &str, query: &[(&str, &str)]) -> Outcome<Vec<Value>> {
        let mut page = self.get(path, query).await?;
        let mut all = Vec::new();
        loop {
            if let Some(Value::Array(items)) = page.get_mut("value").map(Value::take) {
                all.extend(items);
            }
            let Some(next) = page.get("nextLink").and_then(Value::as_str).map(str::to_owned) else { return Ok(all) };
            page = self.follow(&next).await?.body;
        }
    }
    async fn follow(&self, url: &str) -> Outcome<Answer> {
        self.take(self.http.get(url).bearer_auth(&self.token)).await
    }

    async fn take(&self, request: reqwest::RequestBuilder) -> Outcome<Answer> {
        let response = request.send().await.map_err(|e| Failure::run(format!("request failed: {}", chain(&e))))?;
        let (status, headers, url) = (response.status(), response.headers().clone(), response.url().path().to_owned());
        let bytes = response.bytes().await.map_err(|e| Failure::run(format!("answer of {url} was cut: {e}")))?;
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap_or(Value::Null) };
        if status.is_client_error() || status.is_server_error() {
            let text = ["/error/message", "/error_description", "/detail"].iter().find_map(|p| body.pointer(p)?.as_str());
            let message = text.map_or_else(|| String::from_utf8_lossy(&bytes).into_owned(), str::to_owned);
            return Err(Failure::run(format!("{url} answered {status}: {message}")));
        }
        Ok(Answer { status, headers, body })
    }

    /// Follows `Azure-AsyncOperation` to its end; the id of its job, if it has one.
    pub(super) async fn operation(&self, accepted: &Answer) -> Outcome<Option<String>> {
        let Some(url) = accepted.url("azure-asyncoperation") else {
            self.result(accepted).await?;
            return Ok(None);
        };
        for _ in 0..POLLS {
            let answer = self.follow(&url).await?;
            match text(&answer.body, "/status")? {
                "InProgress" => tokio::time::sleep(PAUSE).await,
                "Succeeded" => return Ok(answer.body.pointer("/properties/jobId").and_then(Value::as_str).map(str::to_owned)),
                status => {
                    let error = answer.body.pointer("/error").map(Value::to_string).unwrap_or_default();
                    return Err(Failure::run(format!("the operation ended {status}: {error}")));
                }
            }
        }
        Err(Failure::run("the operation does not end"))
    }

    /// Follows `Location` until there is a result.
    pub(super) async fn result(&self, accepted: &Answer) -> Outcome<()> {
        let Some(url) = accepted.url("location") else { return Ok(()) };
        for _ in 0..POLLS {
            if self.follow(&url).await?.status != StatusCode::ACCEPTED {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(Failure::run("the operation does not end"))
    }
}

/// A text in an answer.
pub(super) fn text<'a>(body: &'a Value, pointer: &str) -> Outcome<&'a str> {
    body.pointer(pointer).and_then(Value::as_str).ok_or_else(|| Failure::run(format!("the answer has no text at {pointer}: {body}")))
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
