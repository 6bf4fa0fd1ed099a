//! The vault over HTTP. Plain `http://` only to this machine.

use super::{ChunkPlace, Vault, VaultError};
use async_trait::async_trait;
use bytes::Bytes;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url, header};
use rsvault_domain::id::{CommandId, SetId};
use rsvault_protocol::messages::{
    AbortSetBody, AgentCredential, BASE_PATH, CommandView, CommitSetBody, CommittedView, EnrollBody, EnrollView, HeartbeatBody,
    HeartbeatView, NextCommandBody, OpenSetBody, OpenSetView, Problem, RestoreSetView, ResultBody, ScheduleBody, ScheduleView, SlotBody,
    SlotView,
};
use rsvault_protocol::seal::to_content_digest;
use serde::{Serialize, de::DeserializeOwned};
use std::time::Duration;

/// Time to connect.
const CONNECT: Duration = Duration::from_secs(5);
/// Time for a small message.
const MESSAGE: Duration = Duration::from_secs(30);
/// Time for a chunk, or for a commit of many.
const BULK: Duration = Duration::from_secs(180);
/// Largest answer that is read into memory as JSON (manifests list every chunk).
const MAX_JSON: usize = 256 * 1024 * 1024;

/// A vault behind a URL.
pub struct HttpVault {
    client: Client,
    base: Url,
    bearer: header::HeaderValue,
}

/// Enrols with a one-time token.
pub async fn enroll(vault_url: &str, ca_pem: Option<&str>, body: &EnrollBody) -> Result<EnrollView, VaultError> {
    let (client, base) = connect(vault_url, ca_pem).map_err(VaultError::unavailable)?;
    let request = client.request(Method::POST, join(&base, "enroll")?).timeout(MESSAGE).json(body);
    json(send(request).await?).await
}

/// Checks the URL and builds the client. The error is for people.
fn connect(vault_url: &str, ca_pem: Option<&str>) -> Result<(Client, Url), String> {
    let mut base = Url::parse(vault_url).map_err(|e| format!("'{vault_url}' is not a URL ({e}); it reads 'https://host:port'"))?;
    let host = base.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let loopback = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    match base.scheme() {
        "https" => {}
        "http" if loopback => {}
        "http" => return Err(format!("'{vault_url}' is plain HTTP to another machine; use https://")),
        other => return Err(format!("'{vault_url}': scheme '{other}' is not known; use https://")),
    }
    let path = format!("{}{BASE_PATH}/", base.path().trim_end_matches('/'));
    base.set_path(&path);
    // HTTP/1.1: bulk data flows better over several connections than over one with stream windows.
    let mut builder = Client::builder()
        .connect_timeout(CONNECT)
        .http1_only()
        .tcp_nodelay(true)
        .pool_idle_timeout(Duration::from_secs(30))
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("rsvault-agent/", env!("CARGO_PKG_VERSION")));
    if loopback {
        builder = builder.no_proxy();
    }
    if let Some(pem) = ca_pem {
        let certificates = reqwest::Certificate::from_pem_bundle(pem.as_bytes()).map_err(|e| format!("the CA file is not PEM: {e}"))?;
        if certificates.is_empty() {
            return Err("the CA file holds no certificate in PEM form".into());
        }
        builder = builder.tls_certs_only(certificates);
    } else if base.scheme() == "http" {
        builder = builder.tls_certs_only([]);
    }
    Ok((builder.build().map_err(|e| format!("the HTTP client cannot start: {}", chain(&e)))?, base))
}

impl HttpVault {
    /// For an enrolled agent. The error is for people.
    pub fn new(vault_url: &str, ca_pem: Option<&str>, credential: &AgentCredential) -> Result<Self, String> {
        let (client, base) = connect(vault_url, ca_pem)?;
        let mut bearer = header::HeaderValue::try_from(format!("Bearer {}", credential.bearer()))
            .map_err(|_| "the agent's secret is not plain text".to_owned())?;
        bearer.set_sensitive(true);
        Ok(Self { client, base, bearer })
    }
    fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, VaultError> {
        Ok(self.client.request(method, join(&self.base, path)?).header(header::AUTHORIZATION, self.bearer.clone()))
    }
    /// An answer that may be held back for `wait_seconds`, and may be none.
    async fn long_poll<T: DeserializeOwned>(
        &self,
        path: &str,
        ask: &(impl Serialize + Sync),
        wait_seconds: u32,
    ) -> Result<Option<T>, VaultError> {
        let limit = Duration::from_secs(wait_seconds.into()) + MESSAGE;
        let response = send(self.request(Method::POST, path)?.timeout(limit).json(ask)).await?;
        if response.status() == StatusCode::NO_CONTENT { Ok(None) } else { json(response).await.map(Some) }
    }
    async fn post<T: DeserializeOwned>(&self, path: &str, body: &(impl Serialize + Sync), limit: Duration) -> Result<T, VaultError> {
        json(send(self.request(Method::POST, path)?.timeout(limit).json(body)).await?).await
    }
}

#[async_trait]
impl Vault for HttpVault {
    async fn next_command(&self, ask: &NextCommandBody) -> Result<Option<CommandView>, VaultError> {
        self.long_poll("commands/next", ask, ask.wait_seconds).await
    }
    async fn next_schedule(&self, ask: &ScheduleBody) -> Result<Option<ScheduleView>, VaultError> {
        self.long_poll("schedule", ask, ask.wait_seconds).await
    }
    async fn offer_slot(&self, slot: &SlotBody) -> Result<SlotView, VaultError> {
        self.post("slots", slot, MESSAGE).await
    }
    async fn heartbeat(&self, command: CommandId, beat: &HeartbeatBody) -> Result<HeartbeatView, VaultError> {
        self.post(&format!("commands/{command}/heartbeat"), beat, MESSAGE).await
    }
    async fn report(&self, command: CommandId, result: &ResultBody) -> Result<(), VaultError> {
        send(self.request(Method::POST, &format!("commands/{command}/result"))?.timeout(MESSAGE).json(result)).await.map(drop)
    }
    async fn open_set(&self, command: CommandId, body: &OpenSetBody) -> Result<OpenSetView, VaultError> {
        self.post(&format!("commands/{command}/set"), body, MESSAGE).await
    }
    async fn put_chunk(&self, place: ChunkPlace, digest: [u8; 32], bytes: Bytes) -> Result<(), VaultError> {
        let ChunkPlace { set, generation, stream, seq } = place;
        let request = self
            .request(Method::PUT, &format!("sets/{set}/{generation}/streams/{stream}/chunks/{seq}"))?
            .timeout(BULK)
            .header("Content-Digest", to_content_digest(&digest))
            .header(header::CONTENT_TYPE, "application/octet-stream")
            .body(bytes);
        send(request).await.map(drop)
    }
    async fn commit_set(&self, set: SetId, body: &CommitSetBody) -> Result<CommittedView, VaultError> {
        self.post(&format!("sets/{set}/commit"), body, BULK).await
    }
    async fn abort_set(&self, set: SetId, body: &AbortSetBody) -> Result<(), VaultError> {
        send(self.request(Method::POST, &format!("sets/{set}/abort"))?.timeout(MESSAGE).json(body)).await.map(drop)
    }
    async fn restore_set(&self, command: CommandId, set: SetId) -> Result<RestoreSetView, VaultError> {
        let request = self.request(Method::GET, &format!("commands/{command}/sets/{set}"))?;
        json(send(request.timeout(BULK)).await?).await
    }
    async fn read_chunk(&self, command: CommandId, place: ChunkPlace, size: usize, buffer: &mut Vec<u8>) -> Result<(), VaultError> {
        let ChunkPlace { set, stream, seq, .. } = place;
        let request = self.request(Method::GET, &format!("commands/{command}/sets/{set}/streams/{stream}/chunks/{seq}"))?;
        let mut response = send(request.timeout(BULK)).await?;
        buffer.clear();
        while let Some(piece) = response.chunk().await.map_err(|e| VaultError::unavailable(chain(&e)))? {
            if buffer.len() + piece.len() > size {
                let detail = format!("stream {stream}, chunk {seq} is longer than the {size} bytes of the manifest");
                return Err(VaultError::Refused { status: 200, code: "UserErrorRecoveryPointDataCorrupt".into(), detail });
            }
            buffer.extend_from_slice(&piece);
        }
        Ok(())
    }
}

fn join(base: &Url, path: &str) -> Result<Url, VaultError> {
    base.join(path).map_err(|e| VaultError::unavailable(format!("bad URL: {e}")))
}

/// Sends and turns every answer but success into an error.
async fn send(request: RequestBuilder) -> Result<Response, VaultError> {
    let response = request.send().await.map_err(|e| VaultError::unavailable(chain(&e)))?;
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let after = response.headers().get(header::RETRY_AFTER).and_then(|v| v.to_str().ok()?.parse().ok()).map(Duration::from_secs);
    let problem: Option<Problem> = body(response, 64 * 1024).await.ok().and_then(|b| serde_json::from_slice(&b).ok());
    let (code, detail) = problem.map(|p| (p.code, p.detail)).unwrap_or_default();
    Err(match status {
        StatusCode::PRECONDITION_FAILED => VaultError::Stale(detail),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => {
            VaultError::Unavailable { detail: format!("{status} {detail}"), after }
        }
        _ if status.is_server_error() => VaultError::Unavailable { detail: format!("{status} {detail}"), after },
        _ => VaultError::Refused { status: status.as_u16(), code, detail },
    })
}

async fn body(mut response: Response, most: usize) -> Result<Vec<u8>, VaultError> {
    let mut all = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|e| VaultError::unavailable(chain(&e)))? {
        if all.len() + piece.len() > most {
            return Err(VaultError::Refused {
                status: 200,
                code: "AnswerTooLarge".into(),
                detail: format!("the answer is larger than {most} bytes"),
            });
        }
        all.extend_from_slice(&piece);
    }
    Ok(all)
}

async fn json<T: DeserializeOwned>(response: Response) -> Result<T, VaultError> {
    let bytes = body(response, MAX_JSON).await?;
    serde_json::from_slice(&bytes).map_err(|e| VaultError::Refused {
        status: 200,
        code: "AnswerNotUnderstood".into(),
        detail: format!("the answer is not what this agent knows ({e}); the agent may be older than the vault: update it"),
    })
}

/// An error with all its causes: reqwest alone says only "error sending request".
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_goes_only_to_this_machine() {
        for good in ["http://127.0.0.1:8443", "http://localhost:1", "http://[::1]:8443/"] {
            let (_, base) = connect(good, None).unwrap();
            assert!(base.path() == "/agent/v1/", "{base}");
        }
        for bad in ["http://vault.example:8443", "http://10.0.0.1", "ftp://localhost", "vault"] {
            assert!(connect(bad, None).is_err(), "{bad}");
        }
        assert!(connect("https://localhost", Some("no pem")).is_err());
    }
}
