//! The path of the bytes: read → compress → seal → chunk → upload, and all of it backwards.
//!
//! Always holds: memory is bounded by the window (buffers come from a pool and go back to it);
//! compression and cryptography run on blocking threads; resending is safe; a restore hands on only
//! what was authenticated, and says "end" only after the last segment was.

mod backup;
mod pack;
mod pool;
mod progress;
mod restore;
mod unpack;

pub use backup::{BackupPipeline, SealedSet};
pub use progress::Progress;
pub use restore::RestoreReader;

use crate::plugin::WorkloadError;
use crate::transport::{Patience, VaultError};
use rsvault_domain::fault::catalogue_codes;
use rsvault_protocol::seal::SealError;

/// How much is in flight.
#[derive(Clone, Copy, Debug)]
pub struct Flow {
    /// Chunks in flight per set.
    pub window: usize,
    /// How long a call to the vault is repeated.
    pub patience: Patience,
}

impl VaultError {
    /// What it means for the work.
    pub(crate) fn into_work(self) -> WorkloadError {
        match self {
            Self::Stale(_) | Self::Unavailable { .. } => WorkloadError::Transport(self.to_string()),
            Self::Refused { ref code, ref detail, .. } if catalogue_codes().any(|c| c == code) => WorkloadError::fault(code, detail),
            Self::Refused { .. } => WorkloadError::fault("WlExtGenericIOFaultUserError", self.to_string()),
        }
    }
}

/// Why sealing or opening ended: the format's own reasons, kept apart from what happens around it.
enum Stop {
    Seal(SealError),
    Work(WorkloadError),
}

impl From<SealError> for Stop {
    fn from(error: SealError) -> Self {
        Self::Seal(error)
    }
}

#[allow(clippy::needless_pass_by_value, reason = "a mapper of errors takes them whole")]
/// A failure to seal; nothing that data could cause.
fn unsealed(error: SealError) -> WorkloadError {
    WorkloadError::fault("WlExtGenericIOFaultUserError", format!("Sealing failed: {error}."))
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::facts as tests_facts;
