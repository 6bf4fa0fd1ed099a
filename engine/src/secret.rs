//! Secrets that rsvault makes: 256 random bits in hex; only their SHA-256 is stored.

use aws_lc_rs::{constant_time, digest, rand};
use rsvault_domain::fault::{Fault, Result};
use std::fmt::Write;

/// A fresh secret: 64 hex digits.
pub fn generate() -> Result<String> {
    let mut bytes = [0u8; 32];
    rand::fill(&mut bytes).map_err(|_| Fault::internal("the system's random source failed"))?;
    Ok(bytes.iter().fold(String::with_capacity(64), |mut out, b| {
        let _ = write!(out, "{b:02x}");
        out
    }))
}

/// SHA-256 of a secret, as stored.
pub fn hash(secret: &str) -> [u8; 32] {
    let mut out = [0u8; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref());
    out
}

/// Whether `secret` is the one behind `stored`, in time that does not depend on where they differ.
pub fn matches(secret: &str, stored: &[u8; 32]) -> bool {
    constant_time::verify_slices_are_equal(&hash(secret), stored).is_ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_secret_matches_only_its_own_hash() {
        let (a, b) = (super::generate().unwrap(), super::generate().unwrap());
        assert_ne!(a, b);
        assert!(super::matches(&a, &super::hash(&a)));
        assert!(!super::matches(&b, &super::hash(&a)));
    }
}
