//! Certificates that clients upload to a vault, each under a name: in Azure the identity that an agent of
//! another workload proves itself with. rsvault checks, keeps and describes them; its own agents enrol by token.

use crate::fault::{Fault, Result};
use crate::id::{NameKey, VaultId};
use jiff::Timestamp;

/// A certificate of a vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultCertificate {
    /// Vault.
    pub vault_id: VaultId,
    /// Name, as first written.
    pub name: String,
    /// The certificate, DER.
    pub der: Vec<u8>,
    /// Subject, as RFC 4514 writes it.
    pub subject: String,
    /// Issuer.
    pub issuer: String,
    /// SHA-1 of the DER in hex, capitals: the name that Windows has for it.
    pub thumbprint: String,
    /// Valid from.
    pub valid_from: Timestamp,
    /// Valid until.
    pub valid_to: Timestamp,
}

impl VaultCertificate {
    /// The folded name.
    pub fn key(&self) -> NameKey {
        NameKey::new(&self.name)
    }
}

/// A number that stands for the vault where Azure shows a 64-bit one; small enough for every client's numbers.
pub fn resource_number(vault: VaultId) -> i64 {
    let (high, _) = vault.0.as_u64_pair();
    (high >> 11).cast_signed()
}

/// Refuses a name that could not be one segment of a path.
pub fn certificate_name(name: &str) -> Result<()> {
    let ok =
        (1..=260).contains(&name.chars().count()) && !name.trim().is_empty() && !name.contains(['/', '\\', '<', '>', '%', '&', '?', '#']);
    if ok {
        return Ok(());
    }
    Err(Fault::invalid(
        "BMSUserErrorInvalidInput",
        format!("The certificate name '{name}' breaks the rule: 1 to 260 characters, none of / \\ < > % & ? #."),
    )
    .at("certificateName"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_vault_is_one_that_every_client_can_hold() {
        for bits in [0, u128::MAX, 0x1234_5678_9abc_def0_1111_2222_3333_4444] {
            let number = resource_number(uuid::Uuid::from_u128(bits).into());
            assert!((0..=9_007_199_254_740_991).contains(&number), "{number}");
        }
    }
}
