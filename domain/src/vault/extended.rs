//! Extended information of a vault: keys that agents of other workloads keep there (already sealed by them),
//! and the algorithm they are sealed with. rsvault keeps and returns them; its own agents use none of it.

use crate::fault::{Fault, Result};
use uuid::Uuid;

/// Longest key or thumbprint: more than any client makes.
pub const VALUE_MAX: usize = 4096;

/// Extended information.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ExtendedInfo {
    /// Integrity key.
    pub integrity_key: Option<String>,
    /// Encryption key.
    pub encryption_key: Option<String>,
    /// Thumbprint of the certificate that the encryption key is sealed for.
    pub encryption_key_thumbprint: Option<String>,
    /// `None`, `RSA1_5` or whatever the client calls it.
    pub algorithm: Option<String>,
    /// Changes with each write.
    pub etag: Uuid,
}

/// Keys stay out of logs.
impl std::fmt::Debug for ExtendedInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExtendedInfo").field("algorithm", &self.algorithm).field("etag", &self.etag).finish_non_exhaustive()
    }
}

impl ExtendedInfo {
    /// Lays `new` over what stands: PUT replaces all, PATCH what is given.
    pub fn change(stands: Option<Self>, new: Self, replace: bool) -> Result<Self> {
        for (field, value) in [
            ("properties.integrityKey", &new.integrity_key),
            ("properties.encryptionKey", &new.encryption_key),
            ("properties.encryptionKeyThumbprint", &new.encryption_key_thumbprint),
            ("properties.algorithm", &new.algorithm),
        ] {
            if value.as_ref().is_some_and(|v| v.len() > VALUE_MAX) {
                return Err(Fault::invalid(
                    "BMSUserErrorInvalidInput",
                    format!("Property '{field}' is longer than {VALUE_MAX} bytes. Send a shorter one."),
                )
                .at(field));
            }
        }
        let Some(stands) = stands.filter(|_| !replace) else { return Ok(new) };
        Ok(Self {
            integrity_key: new.integrity_key.or(stands.integrity_key),
            encryption_key: new.encryption_key.or(stands.encryption_key),
            encryption_key_thumbprint: new.encryption_key_thumbprint.or(stands.encryption_key_thumbprint),
            algorithm: new.algorithm.or(stands.algorithm),
            etag: new.etag,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_keeps_what_it_does_not_name_and_nothing_shows_the_keys() {
        let stands = ExtendedInfo { integrity_key: Some("secret".into()), algorithm: Some("None".into()), ..ExtendedInfo::default() };
        let new = ExtendedInfo { algorithm: Some("RSA1_5".into()), ..ExtendedInfo::default() };
        let patched = ExtendedInfo::change(Some(stands.clone()), new.clone(), false).unwrap();
        assert_eq!((patched.integrity_key.as_deref(), patched.algorithm.as_deref()), (Some("secret"), Some("RSA1_5")));
        assert_eq!(ExtendedInfo::change(Some(stands.clone()), new.clone(), true).unwrap(), new);
        assert!(!format!("{stands:?}").contains("secret"));
        let long = ExtendedInfo { encryption_key: Some("x".repeat(VALUE_MAX + 1)), ..ExtendedInfo::default() };
        assert_eq!(ExtendedInfo::change(None, long, true).unwrap_err().target.as_deref(), Some("properties.encryptionKey"));
    }
}
