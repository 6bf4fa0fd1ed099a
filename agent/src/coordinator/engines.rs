//! Which engine answers for an instance.

use crate::plugin::{Workload, WorkloadError};
use rsvault_domain::discovery::Inventory;
use std::sync::Arc;

/// The engines of this server.
#[derive(Clone)]
pub(super) struct Engines(pub(super) Vec<Arc<dyn Workload>>);

impl Engines {
    /// Everything on the server. An engine that fails is skipped as long as another answers.
    pub(super) async fn inventory(&self) -> Result<Inventory, WorkloadError> {
        let (mut groups, mut groups_fault) = (Vec::new(), None);
        let (mut instances, mut failure, mut answered) = (Vec::new(), None, self.0.is_empty());
        for engine in &self.0 {
            match engine.discover().await {
                Ok(found) => {
                    answered = true;
                    instances.extend(found);
                    let (seen, blind) = engine.groups().await?;
                    groups.extend(seen);
                    groups_fault = groups_fault.or(blind);
                }
                Err(error) => {
                    tracing::warn!(engine = engine.engine(), %error, "discovery failed");
                    failure = Some(error);
                }
            }
        }
        match failure {
            Some(error) if !answered => Err(error),
            _ => Ok(Inventory { instances, groups, groups_fault }),
        }
    }
    /// The engine that has `instance`. With one engine it is that one, which knows best what is wrong.
    pub(super) async fn of(&self, instance: &str) -> Result<Arc<dyn Workload>, WorkloadError> {
        if let [only] = self.0.as_slice() {
            return Ok(Arc::clone(only));
        }
        for engine in &self.0 {
            let group = engine.groups().await.is_ok_and(|(seen, _)| seen.iter().any(|g| g.group.name.eq_ignore_ascii_case(instance)));
            if group || engine.discover().await.is_ok_and(|found| found.iter().any(|i| i.name.eq_ignore_ascii_case(instance))) {
                return Ok(Arc::clone(engine));
            }
        }
        Err(WorkloadError::fault("UserErrorOpeningSQLConnection", format!("There is no instance '{instance}' on this server.")))
    }
}
