//! Tokens whose signature has been checked: checking one costs more than all else of a small read.
//!
//! Always holds: what is remembered is that our key has signed these very bytes, and what they say, which
//! never changes; times, audience, issuer, principal and roles are looked at with every request. A
//! token is known by its SHA-256, so how long a look-up takes says nothing of the tokens that are here.

use super::Claims;
use aws_lc_rs::digest::{SHA256, digest};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// How many are remembered. At one more all are forgotten: each is then checked again once.
const KEPT: usize = 4096;

#[derive(Default)]
pub(super) struct Verified(RwLock<HashMap<[u8; 32], Arc<Claims>>>);

impl Verified {
    /// The claims of a token that was checked before.
    pub(super) fn get(&self, token: &str) -> Option<Arc<Claims>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&key(token)).cloned()
    }
    /// Remembers the claims of a token that our key has signed.
    pub(super) fn keep(&self, token: &str, claims: Claims) -> Arc<Claims> {
        let claims = Arc::new(claims);
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(key(token), claims.clone());
        claims
    }
}

fn key(token: &str) -> [u8; 32] {
    let mut key = [0; 32];
    key.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Claims {
        let text = String::new;
        Claims {
            aud: text(),
            iss: text(),
            iat: 0,
            nbf: 0,
            exp: 0,
            appid: text(),
            oid: text(),
            sub: text(),
            tid: text(),
            idtyp: text(),
            ver: text(),
        }
    }

    #[test]
    fn what_is_remembered_is_bounded_and_no_other_token_is_taken_for_it() {
        let verified = Verified::default();
        verified.keep("a", claims());
        assert!(verified.get("a").is_some() && verified.get("A").is_none() && verified.get("").is_none());
        for n in 0..2 * KEPT {
            verified.keep(&n.to_string(), claims());
        }
        assert!(verified.0.read().unwrap().len() <= KEPT);
        assert!(verified.get(&(2 * KEPT - 1).to_string()).is_some());
    }
}
