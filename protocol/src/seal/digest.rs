//! Digests over ciphertext: BLAKE3 of each chunk, and of the row of chunk digests.

use base64::{Engine, engine::general_purpose::STANDARD};
use std::fmt::Write;

/// BLAKE3 of a chunk.
pub fn chunk_digest(bytes: &[u8]) -> [u8; 32] {
    *blake3::hash(bytes).as_bytes()
}

/// BLAKE3 over the chunk digests of a stream, in order.
#[derive(Clone, Default)]
pub struct StreamDigest(blake3::Hasher);

impl StreamDigest {
    /// Adds the digest of the next chunk (or several, concatenated).
    pub fn push(&mut self, digests: &[u8]) {
        self.0.update(digests);
    }
    /// The digest so far, hex.
    pub fn hex(&self) -> String {
        self.0.finalize().to_hex().to_string()
    }
}

/// `blake3=:<base64>:`, the form of RFC 9530.
pub fn to_content_digest(digest: &[u8; 32]) -> String {
    let mut text = String::with_capacity(53);
    let _ = write!(text, "blake3=:{}:", STANDARD.encode(digest));
    text
}

/// Reads the BLAKE3 digest out of a `Content-Digest` field; other algorithms beside it are skipped.
pub fn from_content_digest(field: &str) -> Option<[u8; 32]> {
    field.split(',').find_map(|entry| {
        let (name, value) = entry.trim().split_once('=')?;
        let encoded = value.strip_prefix(':')?.strip_suffix(':')?;
        (name.eq_ignore_ascii_case("blake3")).then(|| STANDARD.decode(encoded).ok()?.try_into().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_digest_reads_back_beside_others() {
        let digest = chunk_digest(b"abc");
        let field = format!("sha-256=:AAAA:, {}", to_content_digest(&digest));
        assert_eq!(from_content_digest(&field), Some(digest));
        for bad in ["", "blake3", "blake3=AAAA", "blake3=:AAAA:", "blake3=:!!!:", "sha-256=:AAAA:"] {
            assert_eq!(from_content_digest(bad), None, "{bad}");
        }
    }
}
