//! Sealed streams: Tink's AES256-GCM-HKDF streaming format with 1 MiB segments.
//!
//! Layout of a stream: a header of 40 bytes (its own length, a 32-byte salt, a 7-byte nonce prefix),
//! then segments. Each segment is AES-256-GCM under HKDF-SHA256(data key, salt, associated data) with
//! the nonce `prefix || big-endian segment number || last flag`. A segment fills 1 MiB of ciphertext;
//! the first one is shorter by the header, the last one by whatever is missing.
//!
//! Always holds: plaintext leaves an [`Opener`] only after its tag was checked; a stream that was
//! shortened, reordered, or sealed for other associated data does not open.

mod chunker;
mod digest;
mod key;
mod opener;
mod sealer;
mod segment;
mod wrap;

pub use chunker::{Chunk, Chunker};
pub use digest::{StreamDigest, chunk_digest, from_content_digest, to_content_digest};
pub use key::DataKey;
pub use opener::Opener;
pub use sealer::Sealer;
pub use segment::{HEADER_SIZE, SEGMENT_SIZE, TAG_SIZE};
pub use wrap::{unwrap_key, wrap_key};

use rsvault_domain::id::SetId;

/// Why a stream could not be sealed or opened. None of them carries key or data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The tag of a segment does not fit: altered, reordered, cut, or sealed for something else.
    #[error("segment {segment} failed authentication: the data was altered, cut, reordered, or belongs to another stream")]
    Altered {
        /// Number of the segment, from 0.
        segment: u32,
    },
    /// The stream ends before its header does, or its header is not one.
    #[error("not a sealed stream: its header is cut or unknown")]
    Header,
    /// The format holds at most 2^32 segments (4 PiB).
    #[error("the stream is longer than the format allows (2^32 segments)")]
    TooLong,
    /// The cryptographic library refused.
    #[error("the cryptographic library failed")]
    Library,
    /// A key could not be read, wrapped or unwrapped.
    #[error("the key cannot be used: {0}")]
    Key(&'static str),
}

/// The associated data of a set's streams, up to the stream number.
pub fn associated_data_prefix(set: SetId) -> String {
    format!("rsvault/v1/{set}/")
}

/// The associated data of one stream: `rsvault/v1/{set}/{stream}`.
pub fn associated_data(prefix: &str, stream: u32) -> Vec<u8> {
    format!("{prefix}{stream}").into_bytes()
}

#[cfg(test)]
mod tests;
