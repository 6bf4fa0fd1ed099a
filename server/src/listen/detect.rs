//! Which protocol a client speaks, by its first byte, without taking it off the stream.

use std::io::Result;
use tokio::net::TcpStream;

/// First byte of a TLS handshake record. No HTTP method begins with it.
const TLS_HANDSHAKE: u8 = 0x16;

/// What a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spoken {
    /// TLS.
    Tls,
    /// HTTP/1.1, or HTTP/2 with prior knowledge.
    Http,
}

/// Waits for the first byte; None if the client hung up. The caller bounds the wait.
pub(super) async fn first_byte(stream: &TcpStream) -> Result<Option<Spoken>> {
    let mut byte = [0];
    Ok(match stream.peek(&mut byte).await? {
        0 => None,
        _ if byte[0] == TLS_HANDSHAKE => Some(Spoken::Tls),
        _ => Some(Spoken::Http),
    })
}
