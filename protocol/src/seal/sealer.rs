//! Plaintext in, ciphertext out.

use super::segment::{Cipher, HEADER_SIZE, SEGMENT_SIZE, TAG_SIZE, capacity};
use super::{DataKey, SealError};

/// Seals one stream. Holds one segment; a full one is kept back until it is known not to be the last.
pub struct Sealer {
    cipher: Cipher,
    header: Option<[u8; HEADER_SIZE]>,
    segment: Vec<u8>,
}

impl Sealer {
    /// Starts a stream.
    pub fn new(key: &DataKey, associated_data: &[u8]) -> Result<Self, SealError> {
        let (cipher, header) = Cipher::fresh(key, associated_data)?;
        Ok(Self { cipher, header: Some(header), segment: Vec::with_capacity(SEGMENT_SIZE) })
    }
    /// With a given header instead of a fresh one: for the test vectors alone, since a header must
    /// never be used twice.
    #[cfg(test)]
    pub(super) fn with_header(key: &DataKey, associated_data: &[u8], header: [u8; HEADER_SIZE]) -> Result<Self, SealError> {
        let cipher = Cipher::of_header(key, associated_data, &header)?;
        Ok(Self { cipher, header: Some(header), segment: Vec::new() })
    }
    /// Takes plaintext of any length; `emit` gets ciphertext as it becomes final, in order.
    pub fn push<E: From<SealError>>(&mut self, mut plain: &[u8], emit: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        while !plain.is_empty() {
            let room = capacity(self.cipher.number()?) - TAG_SIZE - self.segment.len();
            if room == 0 {
                self.flush(false, emit)?;
                continue;
            }
            let (now, later) = plain.split_at(room.min(plain.len()));
            self.segment.extend_from_slice(now);
            plain = later;
        }
        Ok(())
    }
    /// Ends the stream: the last segment is marked as such.
    pub fn finish<E: From<SealError>>(mut self, emit: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        self.flush(true, emit)
    }
    fn flush<E: From<SealError>>(&mut self, last: bool, emit: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        if let Some(header) = self.header.take() {
            emit(&header)?;
        }
        let tag = self.cipher.seal(&mut self.segment, last)?;
        emit(&self.segment)?;
        emit(tag.as_ref())?;
        self.segment.clear();
        Ok(())
    }
}
