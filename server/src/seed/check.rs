//! What a seed must be beyond its shape. A problem is told as `path: rule`.

use super::Seed;
use rsvault_domain::tenancy::group_name;
use std::collections::HashSet;

impl Seed {
    pub(super) fn check(&self) -> Result<(), String> {
        if self.subscriptions.is_empty() {
            return Err("subscriptions: at least one is needed.".to_owned());
        }
        let mut subscriptions = HashSet::new();
        for (i, subscription) in self.subscriptions.iter().enumerate() {
            let path = format!("subscriptions[{i}]");
            if !subscriptions.insert(subscription.id) {
                return Err(format!("{path}.id: {} is listed twice.", subscription.id));
            }
            let mut groups = HashSet::new();
            for (j, group) in subscription.resource_groups.iter().enumerate() {
                let path = format!("{path}.resourceGroups[{j}]");
                group_name(&group.name).map_err(|fault| format!("{path}.name: {}", fault.message))?;
                if group.location.trim().is_empty() {
                    return Err(format!("{path}.location: must not be empty."));
                }
                if !groups.insert(group.name.to_lowercase()) {
                    return Err(format!("{path}.name: '{}' is listed twice; names are compared without case.", group.name));
                }
            }
        }
        self.check_principals()?;
        self.check_servers()?;
        self.check_groups()
    }

    fn check_groups(&self) -> Result<(), String> {
        let mut names = HashSet::new();
        for (name, spec) in &self.availability_groups {
            spec.validate(name).map_err(|fault| {
                let field = fault.target.clone().map(|target| format!(".{target}")).unwrap_or_default();
                format!("availabilityGroups.{name}{field}: {}", fault.message)
            })?;
            if !names.insert(name.to_lowercase()) {
                return Err(format!("availabilityGroups.{name}: is listed twice; names are compared without case."));
            }
            for replica in &spec.replicas {
                let server = self.servers.iter().find(|(name, _)| name.eq_ignore_ascii_case(&replica.server));
                if server.is_none_or(|(_, server)| !server.instances.iter().any(|i| i.name.eq_ignore_ascii_case(&replica.instance))) {
                    return Err(format!(
                        "availabilityGroups.{name}.replicas: there is no server '{}' with an instance '{}' in the seed.",
                        replica.server, replica.instance
                    ));
                }
            }
        }
        Ok(())
    }

    fn check_principals(&self) -> Result<(), String> {
        let mut ids = HashSet::new();
        for (i, principal) in self.principals.iter().enumerate() {
            let path = format!("principals[{i}]");
            if principal.id.trim().is_empty() || !ids.insert(&principal.id) {
                return Err(format!("{path}.id: must be there once and not be empty."));
            }
            if principal.secret.is_empty() {
                return Err(format!("{path}.secret: must not be empty."));
            }
            if rsvault_domain::access::role(&principal.role).is_none() {
                return Err(format!(
                    "{path}.role: '{}' is not a built-in role; allowed are {}.",
                    principal.role,
                    rsvault_domain::access::ROLES.map(|role| role.name).join(", ")
                ));
            }
            if principal.scope != "/" && !principal.scope.to_lowercase().starts_with("/subscriptions/") {
                return Err(format!("{path}.scope: '{}' is neither / nor an id that begins with /subscriptions/.", principal.scope));
            }
        }
        Ok(())
    }

    fn check_servers(&self) -> Result<(), String> {
        let mut names = HashSet::new();
        for (name, spec) in &self.servers {
            spec.validate(name).map_err(|fault| {
                let field = fault.target.clone().map(|target| format!(".{target}")).unwrap_or_default();
                format!("servers.{name}{field}: {}", fault.message)
            })?;
            if !names.insert(name.to_lowercase()) {
                return Err(format!("servers.{name}: is listed twice; names are compared without case."));
            }
            let id = spec.subscription.unwrap_or(self.subscriptions[0].id);
            let Some(subscription) = self.subscriptions.iter().find(|s| s.id == id) else {
                return Err(format!("servers.{name}.subscription: {id} is not among the subscriptions."));
            };
            if !subscription.resource_groups.iter().any(|g| g.name.eq_ignore_ascii_case(&spec.resource_group)) {
                return Err(format!(
                    "servers.{name}.resourceGroup: '{}' is not a resource group of subscription {id}.",
                    spec.resource_group
                ));
            }
        }
        Ok(())
    }
}
