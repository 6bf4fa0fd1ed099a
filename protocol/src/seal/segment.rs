//! What sealer and opener share: header, nonces, the key of a stream.

use super::{DataKey, SealError};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, Tag, UnboundKey};
use aws_lc_rs::hkdf;
use zeroize::Zeroizing;

/// Bytes of the header.
pub const HEADER_SIZE: usize = 1 + SALT + PREFIX;
/// Ciphertext bytes of a full segment; in the first one the header counts in.
pub const SEGMENT_SIZE: usize = 1024 * 1024;
/// Bytes of a tag.
pub const TAG_SIZE: usize = 16;

const SALT: usize = 32;
const PREFIX: usize = 7;

/// Ciphertext bytes of segment `number` when it is full.
pub(super) fn capacity(number: u32) -> usize {
    if number == 0 { SEGMENT_SIZE - HEADER_SIZE } else { SEGMENT_SIZE }
}

/// The key of one stream and where it stands.
pub(super) struct Cipher {
    key: LessSafeKey,
    prefix: [u8; PREFIX],
    /// Number of the next segment; None when the numbers are used up.
    next: Option<u32>,
}

impl Cipher {
    /// For a new stream: fresh salt and prefix, and the header that carries them.
    pub(super) fn fresh(key: &DataKey, associated_data: &[u8]) -> Result<(Self, [u8; HEADER_SIZE]), SealError> {
        let mut header = [0; HEADER_SIZE];
        header[0] = HEADER_SIZE as u8;
        aws_lc_rs::rand::fill(&mut header[1..]).map_err(|_| SealError::Library)?;
        Ok((Self::of_header(key, associated_data, &header)?, header))
    }
    /// For a stream with this header.
    pub(super) fn of_header(key: &DataKey, associated_data: &[u8], header: &[u8; HEADER_SIZE]) -> Result<Self, SealError> {
        if usize::from(header[0]) != HEADER_SIZE {
            return Err(SealError::Header);
        }
        let mut prefix = [0; PREFIX];
        prefix.copy_from_slice(&header[1 + SALT..]);
        let mut derived = Zeroizing::new([0; 32]);
        hkdf::Salt::new(hkdf::HKDF_SHA256, &header[1..=SALT])
            .extract(key.expose())
            .expand(&[associated_data], &AES_256_GCM)
            .and_then(|okm| okm.fill(derived.as_mut_slice()))
            .map_err(|_| SealError::Library)?;
        let key = UnboundKey::new(&AES_256_GCM, derived.as_slice()).map_err(|_| SealError::Library)?;
        Ok(Self { key: LessSafeKey::new(key), prefix, next: Some(0) })
    }
    /// Number of the segment that comes next.
    pub(super) fn number(&self) -> Result<u32, SealError> {
        self.next.ok_or(SealError::TooLong)
    }
    fn nonce(&self, number: u32, last: bool) -> Nonce {
        let mut nonce = [0; NONCE_LEN];
        nonce[..PREFIX].copy_from_slice(&self.prefix);
        nonce[PREFIX..NONCE_LEN - 1].copy_from_slice(&number.to_be_bytes());
        nonce[NONCE_LEN - 1] = u8::from(last);
        Nonce::assume_unique_for_key(nonce)
    }
    /// Encrypts in place and gives the tag.
    pub(super) fn seal(&mut self, segment: &mut [u8], last: bool) -> Result<Tag, SealError> {
        let number = self.number()?;
        let tag = self.key.seal_in_place_separate_tag(self.nonce(number, last), Aad::empty(), segment).map_err(|_| SealError::Library)?;
        self.next = number.checked_add(1);
        Ok(tag)
    }
    /// Checks and decrypts in place; the plaintext is the front of `segment`.
    pub(super) fn open<'s>(&mut self, segment: &'s mut [u8], last: bool) -> Result<&'s [u8], SealError> {
        let number = self.number()?;
        let nonce = self.nonce(number, last);
        let plain = self.key.open_in_place(nonce, Aad::empty(), segment).map_err(|_| SealError::Altered { segment: number })?;
        self.next = number.checked_add(1);
        Ok(plain)
    }
}
