//! What enrolment leaves behind: `agent.json` in the state folder, readable by its owner alone.

use super::durable::{self, Keep};
use rsvault_protocol::messages::AgentCredential;
use serde::{Deserialize, Serialize};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::{fs, io};

const FILE: &str = "agent.json";

/// An enrolment. No `Debug`: it carries the secret.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Enrolment {
    /// Vault.
    pub vault_url: String,
    /// CA that the vault's certificate must come from; the system's roots if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_pem: Option<String>,
    /// Id of the agent.
    pub agent_id: rsvault_domain::id::AgentId,
    /// Secret of the agent.
    pub secret: String,
    /// Server it was enrolled for.
    pub server_name: String,
}

impl Enrolment {
    /// The credential in it.
    pub fn credential(&self) -> AgentCredential {
        AgentCredential { agent_id: self.agent_id, secret: self.secret.clone() }
    }
    /// Where it stands in `state`.
    pub fn path(state: &Path) -> PathBuf {
        state.join(FILE)
    }
    /// Writes it whole or not at all, mode 0600.
    pub fn save(&self, state: &Path) -> io::Result<()> {
        durable::write(state, FILE, &serde_json::to_vec_pretty(self)?, Keep::Durably)
    }
    /// Reads it. Refuses a file that others can read.
    pub fn load(state: &Path) -> io::Result<Self> {
        let path = Self::path(state);
        let mode = fs::metadata(&path)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(io::Error::other(format!(
                "{} can be read by others (mode {:o}); run: chmod 600 {}",
                path.display(),
                mode & 0o777,
                path.display()
            )));
        }
        Ok(serde_json::from_slice(&fs::read(&path)?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enrolment() -> Enrolment {
        Enrolment {
            vault_url: "https://v".into(),
            ca_pem: None,
            agent_id: uuid::Uuid::nil().into(),
            secret: "s".into(),
            server_name: "vm".into(),
        }
    }

    #[test]
    fn the_secret_is_for_its_owner_alone() {
        let state = tempfile::tempdir().unwrap();
        enrolment().save(state.path()).unwrap();
        enrolment().save(state.path()).unwrap();
        let path = Enrolment::path(state.path());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(Enrolment::load(state.path()).unwrap().secret, "s");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(Enrolment::load(state.path()).is_err());
    }
}
