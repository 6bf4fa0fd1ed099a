//! Managed identities of a vault: one of its own (system-assigned) and any number that stand by themselves
//! (user-assigned, named by their ARM ids).
//!
//! rsvault has no directory to make principals in. The ids it shows follow from the vault and the identity's
//! name, so that they stay the same however often they are asked for; nobody can sign in with them.

use super::Vault;
use crate::fault::{Fault, Result};
use crate::id::{ArmId, NameKey};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Most user-assigned identities of a vault: so that the record of a vault stays small.
pub const USERS_MAX: usize = 100;
const FIELD: &str = "identity";

/// Identities of a vault; at least one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct Identity {
    /// Whether it has one of its own.
    pub system: bool,
    /// Tenant of the vault's own.
    pub tenant: Option<Uuid>,
    /// User-assigned ones: ARM ids as first written, in the order of their names.
    pub users: Vec<String>,
}

/// As it is stored: the form of the resource, so that what older versions stored is read too.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    #[serde(default)]
    r#type: String,
    #[serde(default)]
    tenant_id: Option<Uuid>,
    #[serde(default)]
    user_assigned_identities: BTreeMap<String, serde_json::Value>,
}

impl From<Stored> for Identity {
    fn from(stored: Stored) -> Self {
        let system = stored.r#type.to_lowercase().contains("systemassigned");
        Self { system, tenant: stored.tenant_id, users: stored.user_assigned_identities.into_keys().collect() }
    }
}
impl From<Identity> for Stored {
    fn from(identity: Identity) -> Self {
        let users = identity.users.iter().map(|id| (id.clone(), serde_json::json!({})));
        Self { r#type: identity.wire().to_owned(), tenant_id: identity.tenant, user_assigned_identities: users.collect() }
    }
}

/// What a request asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdentityChange {
    /// `None`, `SystemAssigned`, `UserAssigned`, or both with a comma.
    pub kind: String,
    /// User-assigned identities; false takes one away (`null` on the wire).
    pub users: BTreeMap<String, bool>,
    /// PUT replaces, PATCH adds and takes away.
    pub replace: bool,
}

impl Identity {
    /// Azure's word.
    pub fn wire(&self) -> &'static str {
        match (self.system, self.users.is_empty()) {
            (true, true) => "SystemAssigned",
            (true, false) => "SystemAssigned, UserAssigned",
            (false, false) => "UserAssigned",
            (false, true) => "None",
        }
    }
    /// Whether the user-assigned identity of this ARM id is there.
    pub fn has_user(&self, id: &str) -> bool {
        self.users.iter().any(|have| NameKey::new(have) == NameKey::new(id))
    }
    /// What stands after `change`; none when no identity is left.
    pub fn change(stands: Option<&Self>, change: &IdentityChange) -> Result<Option<Self>> {
        let (system, user) = kinds(&change.kind)?;
        let mut users: BTreeMap<NameKey, String> = BTreeMap::new();
        if user && !change.replace {
            users.extend(stands.into_iter().flat_map(|s| &s.users).map(|id| (NameKey::new(id), id.clone())));
        }
        for (id, wanted) in &change.users {
            if !*wanted {
                users.remove(&NameKey::new(id));
                continue;
            }
            if !user {
                return Err(Fault::invalid(
                    "InvalidIdentity",
                    format!("Property 'identity.type' is '{}', but 'identity.userAssignedIdentities' names '{id}'. Send the type UserAssigned or 'SystemAssigned, UserAssigned', or leave the identities out.", change.kind),
                )
                .at("identity.type"));
            }
            named(id)?;
            users.entry(NameKey::new(id)).or_insert_with(|| id.clone());
        }
        if user && users.is_empty() {
            return Err(Fault::invalid(
                "InvalidIdentity",
                format!("Property 'identity.type' is '{}', but no user-assigned identity is left. Name one in 'identity.userAssignedIdentities', or leave UserAssigned out of the type.", change.kind),
            )
            .at("identity.userAssignedIdentities"));
        }
        if users.len() > USERS_MAX {
            return Err(Fault::invalid(
                "InvalidIdentity",
                format!("A vault has at most {USERS_MAX} user-assigned identities. Remove some."),
            )
            .at("identity.userAssignedIdentities"));
        }
        let tenant = stands.and_then(|s| s.tenant);
        let next = Self { system, tenant, users: users.into_values().collect() };
        Ok((next.system || !next.users.is_empty()).then_some(next))
    }
}

/// Whether the word asks for the vault's own identity, and for user-assigned ones.
fn kinds(word: &str) -> Result<(bool, bool)> {
    let parts: Vec<String> = word.split(',').map(|part| part.trim().to_lowercase()).collect();
    match parts.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["none"] => Ok((false, false)),
        ["systemassigned"] => Ok((true, false)),
        ["userassigned"] => Ok((false, true)),
        ["systemassigned", "userassigned"] | ["userassigned", "systemassigned"] => Ok((true, true)),
        _ => Err(Fault::invalid(
            "InvalidIdentity",
            format!(
                "Property 'identity.type' is '{word}'; allowed are None, SystemAssigned, UserAssigned, 'SystemAssigned, UserAssigned'."
            ),
        )
        .at("identity.type")),
    }
}

/// The id of a user-assigned identity.
fn named(id: &str) -> Result<()> {
    let parsed = ArmId::parse(id, "identity.userAssignedIdentities")?;
    if parsed.is("Microsoft.ManagedIdentity", "userAssignedIdentities") {
        return Ok(());
    }
    Err(Fault::invalid(
        "InvalidIdentity",
        format!(
            "'{id}' is not a user-assigned identity. Its id must end in /providers/Microsoft.ManagedIdentity/userAssignedIdentities/<name>."
        ),
    )
    .at("identity.userAssignedIdentities"))
}

/// The id that stands for the vault's own identity.
pub fn system_principal(vault: &Vault) -> Uuid {
    Uuid::new_v5(&vault.id.0, b"SystemAssigned")
}
/// The ids of principal and client that stand for a user-assigned identity.
pub fn user_principal(id: &str) -> (Uuid, Uuid) {
    let key = NameKey::new(id).to_string();
    let of = |what: &str| Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{what} {key}").as_bytes());
    (of("principal"), of("client"))
}

impl Vault {
    /// Changes the identities; ask [`Self::keeps_key_identity`] when all else is changed.
    pub fn set_identity(&mut self, change: &IdentityChange) -> Result<()> {
        self.settings.identity = Identity::change(self.settings.identity.as_ref(), change)?;
        Ok(())
    }
    /// Refuses a vault that lost the identity its customer-managed key is fetched with (rulebook 5.7).
    pub fn keeps_key_identity(&self) -> Result<()> {
        if let Some(encryption) = &self.settings.encryption
            && let Err(missing) = encryption.identity.present(self.settings.identity.as_ref())
        {
            return Err(Fault::invalid(
                "BMSUserErrorIdentityInUse",
                format!("{missing} is what the vault's customer-managed key is fetched with, so it cannot be removed. Name another identity in 'properties.encryption.kekIdentity' first."),
            )
            .at(FIELD));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/One";
    const TWO: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/two";

    fn ask(kind: &str, users: &[(&str, bool)]) -> IdentityChange {
        IdentityChange { kind: kind.into(), users: users.iter().map(|(id, on)| ((*id).to_owned(), *on)).collect(), replace: false }
    }

    #[test]
    fn a_patch_adds_and_takes_away_by_name_whatever_the_case() {
        let one = Identity::change(None, &ask("userassigned", &[(ONE, true)])).unwrap().unwrap();
        assert_eq!((one.wire(), one.has_user(&ONE.to_uppercase())), ("UserAssigned", true));
        let both = Identity::change(Some(&one), &ask("systemassigned,userassigned", &[(TWO, true), (&ONE.to_lowercase(), true)])).unwrap();
        let both = both.unwrap();
        assert_eq!((both.wire(), both.users.as_slice()), ("SystemAssigned, UserAssigned", [ONE.to_owned(), TWO.to_owned()].as_slice()));
        let less = Identity::change(Some(&both), &ask("UserAssigned", &[(&ONE.to_lowercase(), false)])).unwrap().unwrap();
        assert_eq!((less.wire(), less.users.as_slice()), ("UserAssigned", [TWO.to_owned()].as_slice()));
        assert_eq!(Identity::change(Some(&both), &ask("SystemAssigned", &[])).unwrap().unwrap().users, Vec::<String>::new());
        assert_eq!(Identity::change(Some(&both), &ask("None", &[])).unwrap(), None);
        let put = IdentityChange { replace: true, ..ask("UserAssigned", &[(TWO, true)]) };
        assert_eq!(Identity::change(Some(&one), &put).unwrap().unwrap().users, [TWO.to_owned()]);
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_field() {
        for (change, field) in [
            (ask("Somebody", &[]), "identity.type"),
            (ask("", &[]), "identity.type"),
            (ask("SystemAssigned", &[(ONE, true)]), "identity.type"),
            (ask("UserAssigned", &[]), "identity.userAssignedIdentities"),
            (ask("UserAssigned", &[("me", true)]), "identity.userAssignedIdentities"),
            (ask("UserAssigned", &[(&ONE.replace("ManagedIdentity", "Compute"), true)]), "identity.userAssignedIdentities"),
        ] {
            assert_eq!(Identity::change(None, &change).unwrap_err().target.as_deref(), Some(field), "{change:?}");
        }
    }

    #[test]
    fn what_older_versions_stored_is_read() {
        let read = |text: &str| serde_json::from_str::<Identity>(text).unwrap();
        assert_eq!(read(r#"{"type":"systemassigned","principalId":"x"}"#), Identity { system: true, tenant: None, users: vec![] });
        let both = read(&format!(r#"{{"type":"SystemAssigned, UserAssigned","userAssignedIdentities":{{"{ONE}":{{}}}}}}"#));
        assert_eq!(both, Identity { system: true, tenant: None, users: vec![ONE.into()] });
        assert_eq!(read(&serde_json::to_string(&both).unwrap()), both);
    }
}
