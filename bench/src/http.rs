//! The least HTTP/1.1 client that can measure: one connection, one request after the other, no more work
//! between them than finding the end of the answer. The same for all that are measured.

use crate::Outcome;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection.
pub(crate) struct Connection {
    stream: TcpStream,
    host: String,
    buffer: Vec<u8>,
}

/// An answer; the body lies in the connection's buffer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    body: std::ops::Range<usize>,
}

impl Answer {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
    /// How long the body is.
    pub(crate) fn length(&self) -> usize {
        self.body.len()
    }
}

/// A request as bytes, ready to be sent many times.
pub(crate) fn request(method: &str, host: &str, target: &str, token: Option<&str>, kind: &str, body: &str) -> Vec<u8> {
    let token = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
    let content = if body.is_empty() && method == "GET" {
        String::new()
    } else {
        format!("content-type: {kind}\r\ncontent-length: {}\r\n", body.len())
    };
    format!("{method} {target} HTTP/1.1\r\nhost: {host}\r\naccept: application/json\r\n{token}{content}\r\n{body}").into_bytes()
}

impl Connection {
    /// Connects to `host:port`.
    pub(crate) async fn open(host: &str) -> Outcome<Self> {
        let stream = TcpStream::connect(host).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, host: host.to_owned(), buffer: Vec::with_capacity(256 * 1024) })
    }

    /// Sends a request and reads its answer.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> Outcome<Answer> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let mut searched = 0;
        let head_end = loop {
            if let Some(at) = self.buffer[searched..].windows(4).position(|w| w == b"\r\n\r\n") {
                break searched + at + 4;
            }
            searched = self.buffer.len().saturating_sub(3);
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the server closed the connection".into());
            }
        };
        let head = String::from_utf8_lossy(&self.buffer[..head_end]).into_owned();
        let status = head.get(9..12).and_then(|s| s.parse().ok()).ok_or("no status line")?;
        let mut answer = Answer { status, head, body: head_end..head_end };
        let length: usize = answer.header("content-length").map_or(Ok(0), str::parse)?;
        if answer.header("transfer-encoding").is_some() {
            return Err("an answer without a length cannot be measured".into());
        }
        while self.buffer.len() < head_end + length {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the server closed the connection".into());
            }
        }
        answer.body = head_end..head_end + length;
        Ok(answer)
    }

    /// The body of the last answer.
    pub(crate) fn body(&self, answer: &Answer) -> &[u8] {
        &self.buffer[answer.body.clone()]
    }

    /// One JSON request of the control plane; anything but 2xx is an error.
    pub(crate) async fn json(&mut self, method: &str, target: &str, token: &str, body: &Value) -> Outcome<(Answer, Value)> {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let bytes = request(method, &self.host, target, Some(token), "application/json", &text);
        let answer = self.ask(&bytes).await?;
        let told = String::from_utf8_lossy(self.body(&answer)).into_owned();
        if !(200..300).contains(&answer.status) {
            return Err(format!("{method} {target}: {} {told}", answer.status).into());
        }
        let value = if told.is_empty() { Value::Null } else { serde_json::from_str(&told)? };
        Ok((answer, value))
    }
}

/// Path and query of an absolute link of a server.
pub(crate) fn target_of(link: &str) -> &str {
    link.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..])).unwrap_or(link)
}
