//! The data key of one backup set.

use super::SealError;
use zeroize::Zeroizing;

/// 256 fresh bits, wiped when dropped. Has no `Debug`, `Display` or `Clone` on purpose.
pub struct DataKey(Zeroizing<[u8; 32]>);

impl DataKey {
    /// A fresh key from the system's generator.
    pub fn generate() -> Result<Self, SealError> {
        let mut key = Zeroizing::new([0; 32]);
        aws_lc_rs::rand::fill(key.as_mut_slice()).map_err(|_| SealError::Library)?;
        Ok(Self(key))
    }
    /// Takes 32 bytes that were unwrapped.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, SealError> {
        let key: [u8; 32] = bytes.try_into().map_err(|_| SealError::Key("a data key has 32 bytes"))?;
        Ok(Self(Zeroizing::new(key)))
    }
    /// The bytes, for wrapping and for handing over to a restore.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}
