//! `$filter` of the two lists: functions and one comparison, joined by `and`. What is not understood is refused.

use rsvault_domain::Fault;
use rsvault_domain::fault::Result;
use rsvault_engine::access::Asked;

fn terms(filter: Option<&str>) -> impl Iterator<Item = &str> {
    filter.unwrap_or_default().split(" and ").map(str::trim).filter(|term| !term.is_empty())
}

fn quoted<'a>(term: &'a str, before: &str, after: &str) -> Option<&'a str> {
    term.strip_prefix(before)?.strip_suffix(after)?.trim().strip_prefix('\'')?.strip_suffix('\'')
}

fn refused(term: &str, known: &str) -> Fault {
    Fault::invalid("UnsupportedQuery", format!("The filter '{term}' is not supported. Use {known}, joined by 'and'.")).at("$filter")
}

/// Of assignments: `atScope()`, `principalId eq '…'`, `assignedTo('…')`.
pub(super) fn assignments(filter: Option<&str>) -> Result<Asked> {
    let mut asked = Asked::default();
    for term in terms(filter) {
        if term.eq_ignore_ascii_case("atScope()") {
            asked.at_scope = true;
            continue;
        }
        let id = quoted(term, "principalId eq", "").or_else(|| quoted(term, "assignedTo(", ")"));
        let id = id.ok_or_else(|| refused(term, "atScope(), principalId eq '<object id>' or assignedTo('<object id>')"))?;
        let id = id.parse().map_err(|_| {
            Fault::invalid("UnsupportedQuery", format!("'{id}' in the filter is not a GUID. Send a principal's object id.")).at("$filter")
        })?;
        asked.principal = Some(id);
    }
    Ok(asked)
}

/// Of definitions: `roleName eq '…'`, `type eq 'BuiltInRole'`, `atScopeAndBelow()`. The name asked for and whether
/// built-in roles are among what is asked for.
pub(super) fn definitions(filter: Option<&str>) -> Result<(Option<&str>, bool)> {
    let (mut name, mut built_in) = (None, true);
    for term in terms(filter) {
        if term.eq_ignore_ascii_case("atScopeAndBelow()") || term.eq_ignore_ascii_case("atScope()") {
            continue;
        }
        if let Some(kind) = quoted(term, "type eq", "") {
            built_in = kind.eq_ignore_ascii_case("BuiltInRole");
        } else {
            name = Some(quoted(term, "roleName eq", "").ok_or_else(|| refused(term, "roleName eq '<name>' or type eq 'BuiltInRole'"))?);
        }
    }
    Ok((name, built_in))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_send_is_understood_and_nothing_else() {
        let id = "a795c7a0-d4a2-40c1-ae25-d81f01202912";
        let asked = assignments(Some(&format!("atScope() and assignedTo('{id}')"))).unwrap();
        assert_eq!(asked, Asked { at_scope: true, principal: Some(id.parse().unwrap()) });
        assert_eq!(assignments(Some(&format!("principalId eq '{id}'"))).unwrap().principal, Some(id.parse().unwrap()));
        assert_eq!(assignments(None).unwrap(), Asked::default());
        for bad in ["principalId eq 'x'", "principalId ne 'x'", "roleName eq 'Owner'", "assignedTo("] {
            assert_eq!(assignments(Some(bad)).unwrap_err().target.as_deref(), Some("$filter"), "{bad}");
        }
        assert_eq!(definitions(Some("roleName eq 'Backup Reader'")).unwrap(), (Some("Backup Reader"), true));
        assert_eq!(definitions(Some("type eq 'CustomRole'")).unwrap(), (None, false));
        assert!(definitions(Some("x()")).is_err());
    }
}
