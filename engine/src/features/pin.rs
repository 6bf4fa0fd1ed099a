//! The security PIN of a vault.

use crate::vaults::{VaultPath, find};
use crate::{Caller, Engine, guards};
use aws_lc_rs::{pbkdf2, rand};
use jiff::Timestamp;
use rsvault_domain::fault::{Fault, Result};
use rsvault_domain::guard::Critical;
use rsvault_domain::vault::pin::{PIN_LIFE, SecurityPin};
use std::num::NonZeroU32;
use zeroize::Zeroizing;

/// Digits of a PIN.
const DIGITS: usize = 8;
/// Rounds of the hash: 10^8 PINs cannot be tried against a stolen row within the five minutes.
const ROUNDS: NonZeroU32 = match NonZeroU32::new(100_000) {
    Some(rounds) => rounds,
    None => NonZeroU32::MIN,
};

/// A new PIN.
pub struct Issued {
    /// The PIN; it is shown once and stored nowhere.
    pub pin: Zeroizing<String>,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issued").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// Makes a PIN; the one before it holds no more. A critical operation of the vault's Resource Guard.
pub async fn issue(engine: &Engine, caller: &Caller, path: &VaultPath) -> Result<Issued> {
    let pin = digits()?;
    let mut salt = [0u8; 32];
    rand::fill(&mut salt).map_err(|_| no_random())?;
    let hash = slow_hash(&pin, &salt);
    let mut tx = engine.store.begin().await?;
    let vault = find(tx.as_mut(), path).await?;
    guards::require(tx.as_mut(), caller, &vault, Critical::SecurityPin).await?;
    let expires_at = engine.clock.now().saturating_add(PIN_LIFE).unwrap_or(Timestamp::MAX);
    tx.put_security_pin(vault.id, &SecurityPin { salt, hash, expires_at }).await?;
    tx.commit().await?;
    Ok(Issued { pin, expires_at })
}

/// Whether `pin` is the vault's and still holds.
pub async fn holds(engine: &Engine, path: &VaultPath, pin: &str) -> Result<bool> {
    let mut tx = engine.store.read().await?;
    let vault = find(tx.as_mut(), path).await?;
    let Some(stored) = tx.security_pin(vault.id).await?.filter(|p| engine.clock.now() < p.expires_at) else { return Ok(false) };
    Ok(pbkdf2::verify(pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, &stored.salt, pin.as_bytes(), &stored.hash).is_ok())
}

fn slow_hash(pin: &str, salt: &[u8; 32]) -> [u8; 32] {
    let mut hash = [0u8; 32];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, salt, pin.as_bytes(), &mut hash);
    hash
}

/// Decimal digits, each as likely as the others: bytes that would favour some are thrown away.
fn digits() -> Result<Zeroizing<String>> {
    let mut pin = Zeroizing::new(String::with_capacity(DIGITS));
    while pin.len() < DIGITS {
        let mut bytes = Zeroizing::new([0u8; 16]);
        rand::fill(bytes.as_mut_slice()).map_err(|_| no_random())?;
        let fair = bytes.iter().filter(|b| **b < 250).map(|b| char::from(b'0' + b % 10));
        let left = DIGITS - pin.len();
        pin.extend(fair.take(left));
    }
    Ok(pin)
}

fn no_random() -> Fault {
    Fault::internal("the system's random source failed")
}
