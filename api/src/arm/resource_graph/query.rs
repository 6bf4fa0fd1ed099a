//! The one shape of query that is understood: the items of deleted vaults, narrowed by texts that their ids contain.

use rsvault_domain::fault::Result;
use rsvault_domain::{Fault, FaultKind};

/// What a query asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Query {
    /// Texts that the id must contain, compared without case.
    pub(super) contains: Vec<String>,
}

const TABLE: &str = "recoveryservicesresources";
pub(super) const TYPE: &str = "microsoft.recoveryservices/locations/deletedvaults/backupfabrics/protectioncontainers/protecteditems";
const EXTEND: &str = "extend dataSourceType = strcat(properties.backupManagementType, '/', properties.workloadType)";
const PROJECT: &str = "project id, type, name, location, resourceGroup, subscriptionId, dataSourceType, properties, tags";

/// Reads a query; the stage that is not understood is named.
pub(super) fn read(text: &str) -> Result<Query> {
    let mut stages = stages(text).into_iter();
    let table = stages.next().unwrap_or_default();
    if !table.eq_ignore_ascii_case(TABLE) {
        return refuse(&table);
    }
    let mut query = Query { contains: Vec::new() };
    let (mut typed, mut projected) = (false, false);
    for stage in stages {
        let told = stage.strip_prefix("where tostring(id) contains \"").and_then(|rest| rest.strip_suffix('"'));
        match told {
            _ if projected => return refuse(&stage),
            Some(part) if !part.contains('"') => query.contains.push(part.to_lowercase()),
            _ if stage == format!("where type == \"{TYPE}\"") => typed = true,
            _ if stage == EXTEND => {}
            _ if stage == PROJECT => projected = true,
            _ => return refuse(&stage),
        }
    }
    if typed { Ok(query) } else { refuse("a query without 'where type == …'") }
}

/// The stages between pipes, each with single blanks. A pipe within quotes is none.
fn stages(text: &str) -> Vec<String> {
    let mut stages = vec![String::new()];
    let mut quote = None;
    for c in text.chars() {
        match (c, quote) {
            ('|', None) => stages.push(String::new()),
            (c, open) => {
                if matches!(c, '"' | '\'') {
                    quote = match open {
                        None => Some(c),
                        Some(q) if q == c => None,
                        other => other,
                    };
                }
                if let Some(stage) = stages.last_mut() {
                    stage.push(c);
                }
            }
        }
    }
    stages.iter().map(|stage| stage.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

fn refuse<T>(stage: &str) -> Result<T> {
    let shown: String = stage.chars().take(200).collect();
    let message = format!(
        "This server answers one query of Azure Resource Graph: the items of deleted vaults, as 'az backup deleted-vault list-containers' asks for them ({TABLE} | where type == \"{TYPE}\" | where tostring(id) contains \"…\"). It does not understand '{shown}'."
    );
    Err(Fault::new(FaultKind::Unsupported, "QueryNotSupported", message).at("query"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AZ: &str = r#"recoveryservicesresources
| where type == "microsoft.recoveryservices/locations/deletedvaults/backupfabrics/protectioncontainers/protecteditems"
| extend dataSourceType = strcat(properties.backupManagementType, '/', properties.workloadType)
| where tostring(id) contains "rg1_5E"
| where tostring(id) contains "westeurope"
| project id, type, name, location, resourceGroup, subscriptionId, dataSourceType, properties, tags"#;

    #[test]
    fn what_the_client_asks_is_understood() {
        assert_eq!(read(AZ).unwrap().contains, ["rg1_5e", "westeurope"]);
        let piped = AZ.replace("rg1_5E", "a|b");
        assert_eq!(read(&piped).unwrap().contains, ["a|b", "westeurope"]);
    }

    #[test]
    fn anything_else_is_refused_and_named() {
        for (from, to, named) in [
            ("recoveryservicesresources", "resources", "'resources'"),
            ("| where type == \"microsoft", "| where type =~ \"microsoft", "type =~"),
            ("tostring(id) contains \"west", "location contains \"west", "location contains"),
            ("properties, tags", "properties", "project id"),
            ("rg1_5E\"", "rg1_5E\" or true or \"\" == \"", "or true"),
        ] {
            let fault = read(&AZ.replacen(from, to, 1)).unwrap_err();
            assert!(fault.message.contains(named), "{named}: {}", fault.message);
        }
        assert!(read("").is_err() && read("recoveryservicesresources").is_err());
        assert!(read(&format!("{AZ} | take 5")).is_err());
    }
}
