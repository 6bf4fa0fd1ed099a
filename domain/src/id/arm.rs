//! ARM ids: `/subscriptions/{s}/resourceGroups/{rg}/providers/{namespace}/{type}/{name}/…`.
//! Segment words are compared without case; names keep the casing they came in.

use super::SubscriptionId;
use crate::fault::{Fault, Result};
use std::fmt;

/// A parsed ARM resource id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArmId {
    /// Subscription.
    pub subscription: SubscriptionId,
    /// Resource group, as written.
    pub resource_group: String,
    /// Provider namespace, as written (`Microsoft.RecoveryServices`).
    pub provider: String,
    /// Type and name pairs below the provider, as written.
    pub path: Vec<(String, String)>,
}

impl ArmId {
    /// Parses `text`. `field` names the body field for the error.
    pub fn parse(text: &str, field: &str) -> Result<Self> {
        let bad = || {
            Fault::invalid(
                "LinkedInvalidPropertyId",
                format!("Property '{field}' is not a resource id: '{text}'. It must read '/subscriptions/<guid>/resourceGroups/<name>/providers/<namespace>/<type>/<name>'."),
            )
            .at(field)
        };
        let rest = text.strip_prefix('/').ok_or_else(bad)?;
        let segments: Vec<&str> = rest.split('/').collect();
        let [subs, sub, groups, rg, provs, provider, path @ ..] = segments.as_slice() else { return Err(bad()) };
        let words = [(subs, "subscriptions"), (groups, "resourceGroups"), (provs, "providers")];
        if words.iter().any(|(have, want)| !have.eq_ignore_ascii_case(want))
            || path.is_empty()
            || path.len() % 2 != 0
            || segments.iter().any(|s| s.is_empty())
        {
            return Err(bad());
        }
        Ok(Self {
            subscription: sub.parse().map_err(|_| bad())?,
            resource_group: (*rg).to_owned(),
            provider: (*provider).to_owned(),
            path: path.chunks(2).map(|p| (p[0].to_owned(), p[1].to_owned())).collect(),
        })
    }
    /// The name behind the type word `kind`, if the id has one.
    pub fn name_of(&self, kind: &str) -> Option<&str> {
        self.path.iter().find(|(k, _)| k.eq_ignore_ascii_case(kind)).map(|(_, n)| n.as_str())
    }
    /// Whether the id names a resource of `namespace` and, as its last type word, `kind`.
    pub fn is(&self, namespace: &str, kind: &str) -> bool {
        self.provider.eq_ignore_ascii_case(namespace) && self.path.last().is_some_and(|(k, _)| k.eq_ignore_ascii_case(kind))
    }
}

impl fmt::Display for ArmId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/subscriptions/{}/resourceGroups/{}/providers/{}", self.subscription, self.resource_group, self.provider)?;
        self.path.iter().try_for_each(|(k, n)| write!(f, "/{k}/{n}"))
    }
}

/// The id of a virtual machine.
pub fn vm_id(subscription: SubscriptionId, resource_group: &str, name: &str) -> String {
    format!("/subscriptions/{subscription}/resourceGroups/{resource_group}/providers/Microsoft.Compute/virtualMachines/{name}")
}

/// The id of a vault.
pub fn vault_path(subscription: SubscriptionId, resource_group: &str, name: &str) -> String {
    format!("/subscriptions/{subscription}/resourceGroups/{resource_group}/providers/Microsoft.RecoveryServices/vaults/{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_parse_in_any_case_and_keep_names() {
        let id = ArmId::parse(
            "/Subscriptions/00000000-0000-0000-0000-000000000001/resourcegroups/RG/Providers/microsoft.compute/VirtualMachines/Vm1",
            "properties.sourceResourceId",
        )
        .unwrap();
        assert!(id.is("Microsoft.Compute", "virtualMachines"));
        assert_eq!(id.name_of("virtualmachines"), Some("Vm1"));
    }

    #[test]
    fn a_broken_id_names_the_field() {
        for bad in [
            "",
            "x",
            "/subscriptions/1/resourceGroups/r/providers/p/t/n",
            "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups//providers/p/t/n",
        ] {
            let fault = ArmId::parse(bad, "properties.policyId").unwrap_err();
            assert_eq!(fault.target.as_deref(), Some("properties.policyId"), "{bad}");
        }
    }
}
