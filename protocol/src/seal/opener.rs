//! Ciphertext in, authenticated plaintext out.

use super::segment::{Cipher, HEADER_SIZE, SEGMENT_SIZE, capacity};
use super::{DataKey, SealError};

/// Opens one stream. Holds one segment, which it decrypts in place.
pub struct Opener {
    key: DataKey,
    associated_data: Vec<u8>,
    cipher: Option<Cipher>,
    held: Vec<u8>,
}

impl Opener {
    /// Starts on a stream.
    pub fn new(key: DataKey, associated_data: &[u8]) -> Self {
        Self { key, associated_data: associated_data.to_vec(), cipher: None, held: Vec::with_capacity(SEGMENT_SIZE) }
    }
    /// Takes ciphertext of any length; `emit` gets plaintext whose tag was checked, in order.
    pub fn push<E: From<SealError>>(&mut self, mut sealed: &[u8], emit: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        while !sealed.is_empty() {
            let room = match &mut self.cipher {
                None => HEADER_SIZE - self.held.len(),
                Some(cipher) => {
                    let room = capacity(cipher.number()?) - self.held.len();
                    if room == 0 {
                        // More follows, so this one is not the last.
                        emit(cipher.open(&mut self.held, false)?)?;
                        self.held.clear();
                        continue;
                    }
                    room
                }
            };
            let (now, later) = sealed.split_at(room.min(sealed.len()));
            self.held.extend_from_slice(now);
            sealed = later;
            if self.cipher.is_none()
                && let Ok(header) = <&[u8; HEADER_SIZE]>::try_from(self.held.as_slice())
            {
                self.cipher = Some(Cipher::of_header(&self.key, &self.associated_data, header)?);
                self.held.clear();
            }
        }
        Ok(())
    }
    /// Ends the stream. Fails if what was pushed is not all of it.
    pub fn finish<E: From<SealError>>(mut self, emit: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let cipher = self.cipher.as_mut().ok_or(SealError::Header)?;
        emit(cipher.open(&mut self.held, true)?)
    }
}
