//! A simulated availability group: what a seed or `PUT /emulator/availabilityGroups/{name}` describes.
//!
//! Always holds: its replicas share one content of its databases; one replica is the primary; a server
//! takes part in a group with one instance.

use super::{DatabaseSpec, bad, plain, unique};
use crate::availability::Preference;
use crate::fault::Result;
use crate::id::SubscriptionId;
use serde::{Deserialize, Serialize};

/// A replica of a simulated group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReplicaSpec {
    /// A simulated server.
    pub server: String,
    /// Its instance; the default one unless said.
    #[serde(default = "default_instance")]
    pub instance: String,
    /// Whether it is connected and follows the primary.
    #[serde(default = "yes")]
    pub synchronized: bool,
}

/// A simulated availability group. Its name is in the path or the seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupSpec {
    /// Subscription of its servers; the default one unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription: Option<SubscriptionId>,
    /// Replicas.
    pub replicas: Vec<ReplicaSpec>,
    /// Server of the primary replica; the first one unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary: Option<String>,
    /// Whether a failover is under way: no replica is the primary.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub resolving: bool,
    /// Where its databases are to be backed up.
    #[serde(default)]
    pub backup_preference: Preference,
    /// Its databases. One that stands on the primary's instance is moved into the group, with all that it holds; one
    /// that is left out stays on that instance.
    #[serde(default)]
    pub databases: Vec<DatabaseSpec>,
}

fn default_instance() -> String {
    "MSSQLSERVER".to_owned()
}
fn yes() -> bool {
    true
}

impl GroupSpec {
    /// Checks names. `group` is the name in the path or seed.
    pub fn validate(&self, group: &str) -> Result<()> {
        plain("name", group, 128)?;
        if !(1..=9).contains(&self.replicas.len()) {
            return Err(bad("replicas", format!("A group has 1 to 9 replicas, not {}.", self.replicas.len())));
        }
        unique("replicas[].server", self.replicas.iter().map(|r| r.server.as_str()))?;
        for replica in &self.replicas {
            plain("replicas[].server", &replica.server, 64)?;
            plain("replicas[].instance", &replica.instance, 128)?;
            if replica.instance.eq_ignore_ascii_case(group) {
                return Err(bad("name", format!("'{group}' is the name of an instance of a replica. Give the group another name.")));
            }
        }
        if let Some(primary) = self.primary.as_ref().filter(|primary| self.replica(primary).is_none()) {
            return Err(bad("primary", format!("'{primary}' is not one of the replicas.")));
        }
        unique("databases", self.databases.iter().map(|d| d.name.as_str()))?;
        self.databases.iter().try_for_each(DatabaseSpec::check)
    }

    /// The replica on a server, compared without case.
    pub fn replica(&self, server: &str) -> Option<&ReplicaSpec> {
        self.replicas.iter().find(|replica| replica.server.eq_ignore_ascii_case(server))
    }

    /// Server of the primary replica.
    pub fn primary(&self) -> Option<&str> {
        self.primary.as_deref().or_else(|| self.replicas.first().map(|replica| replica.server.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> GroupSpec {
        let replica = |server: &str| ReplicaSpec { server: server.into(), instance: default_instance(), synchronized: true };
        GroupSpec {
            subscription: None,
            replicas: vec![replica("sqlvm1"), replica("sqlvm2")],
            primary: None,
            resolving: false,
            backup_preference: Preference::SecondaryOnly,
            databases: vec![],
        }
    }

    #[test]
    fn a_broken_group_is_told_by_its_field() {
        type Breach = (fn(&mut GroupSpec), &'static str);
        let cases: [Breach; 5] = [
            (|s| s.replicas.clear(), "replicas"),
            (|s| s.replicas[1].server = "SQLVM1".into(), "replicas[].server"),
            (|s| s.replicas[1].instance = "AG1".into(), "name"),
            (|s| s.primary = Some("sqlvm3".into()), "primary"),
            (|s| s.replicas[0].server = "a b".into(), "replicas[].server"),
        ];
        for (breaks, field) in cases {
            let mut broken = spec();
            breaks(&mut broken);
            assert_eq!(broken.validate("ag1").unwrap_err().target.as_deref(), Some(field));
        }
        spec().validate("ag1").unwrap();
        assert_eq!(spec().primary(), Some("sqlvm1"));
        assert!(spec().replica("SQLVM2").is_some());
    }
}
