//! Cuts ciphertext into chunks of a fixed size and digests them.

use super::{StreamDigest, chunk_digest};

/// A chunk, ready to send.
pub struct Chunk {
    /// Position in the stream, from 0.
    pub seq: u32,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// BLAKE3 of them.
    pub digest: [u8; 32],
}

/// Fills buffers that its caller provides, so that they can be reused.
pub struct Chunker {
    size: usize,
    buffer: Option<Vec<u8>>,
    next: u32,
    total: u64,
    digest: StreamDigest,
}

impl Chunker {
    /// Chunks of `size` bytes; the last may be shorter.
    pub fn new(size: u32) -> Self {
        Self { size: size.max(1) as usize, buffer: None, next: 0, total: 0, digest: StreamDigest::default() }
    }
    /// Whether a buffer must be given (`provide`) before bytes can be pushed.
    pub fn needs_buffer(&self) -> bool {
        self.buffer.is_none()
    }
    /// Gives the buffer of the next chunk.
    pub fn provide(&mut self, mut buffer: Vec<u8>) {
        buffer.clear();
        self.buffer = Some(buffer);
    }
    /// Takes the front of `bytes`: gives how many were taken (none without a buffer), and the chunk
    /// if it is full now.
    pub fn push(&mut self, bytes: &[u8]) -> (usize, Option<Chunk>) {
        let Some(buffer) = &mut self.buffer else { return (0, None) };
        let taken = bytes.len().min(self.size - buffer.len());
        buffer.extend_from_slice(&bytes[..taken]);
        let full = buffer.len() == self.size;
        (taken, if full { self.cut() } else { None })
    }
    /// The last, shorter chunk, if there is one.
    pub fn finish(&mut self) -> Option<Chunk> {
        if self.buffer.as_ref().is_none_or(Vec::is_empty) { None } else { self.cut() }
    }
    /// Chunks cut so far.
    pub fn chunks(&self) -> u32 {
        self.next
    }
    /// Bytes in them.
    pub fn total(&self) -> u64 {
        self.total
    }
    /// Digest over the digests of them, hex.
    pub fn stream_digest(&self) -> String {
        self.digest.hex()
    }
    fn cut(&mut self) -> Option<Chunk> {
        let bytes = self.buffer.take()?;
        let digest = chunk_digest(&bytes);
        self.digest.push(&digest);
        self.total += bytes.len() as u64;
        let seq = self.next;
        self.next += 1;
        Some(Chunk { seq, bytes, digest })
    }
}
