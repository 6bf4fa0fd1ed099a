//! Decides whether role assignments allow an action at a scope. Always holds: no assignment, no
//! right; an unknown role gives nothing; nothing is compared with case; a scope covers itself and
//! what lies below it, never a sibling whose name merely begins alike.

use super::{RoleAssignment, role};

/// Whether `assignments` allow `action` at `scope` (an ARM path).
pub fn allowed(assignments: &[RoleAssignment], action: &str, scope: &str) -> bool {
    assignments.iter().any(|assignment| {
        covers(&assignment.scope, scope)
            && role(&assignment.role)
                .is_some_and(|role| role.actions.iter().any(|p| matches(p, action)) && !role.not_actions.iter().any(|p| matches(p, action)))
    })
}

/// Whether the scope `outer` is `inner` or an ancestor of it.
pub fn covers(outer: &str, inner: &str) -> bool {
    let mut inner = segments(inner);
    segments(outer)
        .all(|want| inner.next().is_some_and(|have| have.eq_ignore_ascii_case(want) || have.to_lowercase() == want.to_lowercase()))
}

fn segments(scope: &str) -> impl Iterator<Item = &str> {
    scope.split('/').filter(|segment| !segment.is_empty())
}

/// Glob match without case: `*` stands for any run of characters. Iterative with one fallback
/// point, so a hostile pattern or action costs at most length × length.
fn matches(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.as_bytes(), action.as_bytes());
    let (mut p, mut a) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while a < action.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, a));
                p += 1;
            }
            Some(c) if c.eq_ignore_ascii_case(&action[a]) => {
                p += 1;
                a += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    p = at + 1;
                    a = from + 1;
                    star = Some((at, from + 1));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::PrincipalId;
    use proptest::prelude::*;

    const VAULT: &str = "/subscriptions/s1/resourceGroups/rg1/providers/Microsoft.RecoveryServices/vaults/v1";

    fn given(role: &str, scope: &str) -> Vec<RoleAssignment> {
        vec![RoleAssignment::seeded(PrincipalId(uuid::Uuid::nil()), role, scope, jiff::Timestamp::UNIX_EPOCH)]
    }

    /// Rulebook 8, row by row: action below `Microsoft.RecoveryServices/`, then whether Backup
    /// Contributor, Backup Operator and Backup Reader may.
    const MATRIX: &[(&str, bool, bool, bool)] = &[
        ("vaults/read", true, true, true),
        ("vaults/write", true, false, false),
        ("vaults/delete", false, false, false),
        ("vaults/backupFabrics/refreshContainers/action", true, true, false),
        ("vaults/backupFabrics/protectableContainers/read", true, true, false),
        ("vaults/backupProtectionContainers/read", true, true, true),
        ("vaults/backupFabrics/protectionContainers/read", true, true, true),
        ("vaults/backupFabrics/protectionContainers/write", true, true, false),
        ("vaults/backupFabrics/protectionContainers/delete", true, false, false),
        ("vaults/backupFabrics/protectionContainers/inquire/action", true, true, false),
        ("vaults/backupFabrics/protectionContainers/items/read", true, true, true),
        ("vaults/backupFabrics/protectionContainers/operationResults/read", true, true, true),
        ("vaults/backupProtectableItems/read", true, true, false),
        ("vaults/backupProtectedItems/read", true, true, true),
        ("vaults/backupFabrics/protectionContainers/protectedItems/read", true, true, true),
        ("vaults/backupFabrics/protectionContainers/protectedItems/write", true, true, false),
        ("vaults/backupFabrics/protectionContainers/protectedItems/delete", true, false, false),
        ("vaults/backupFabrics/protectionContainers/protectedItems/backup/action", true, true, false),
        ("vaults/backupFabrics/protectionContainers/protectedItems/recoveryPoints/read", true, true, true),
        ("vaults/backupFabrics/protectionContainers/protectedItems/recoveryPoints/restore/action", true, true, false),
        ("vaults/backupFabrics/protectionContainers/protectedItems/recoveryPoints/move/action", true, false, false),
        ("vaults/backupFabrics/protectionContainers/protectedItems/operationsStatus/read", true, true, true),
        ("vaults/backupFabrics/protectionContainers/protectedItems/operationResults/read", true, true, true),
        ("vaults/backupProtectionIntents/read", true, true, true),
        ("vaults/backupFabrics/backupProtectionIntent/read", true, true, true),
        ("vaults/backupFabrics/backupProtectionIntent/write", true, true, false),
        ("vaults/backupFabrics/backupProtectionIntent/delete", true, false, false),
        ("vaults/backupPolicies/read", true, true, true),
        ("vaults/backupPolicies/write", true, false, false),
        ("vaults/backupPolicies/delete", true, false, false),
        ("vaults/backupPolicies/operations/read", true, true, true),
        ("vaults/backupJobs/read", true, true, true),
        ("vaults/backupJobs/cancel/action", true, true, false),
        ("vaults/backupJobsExport/action", true, true, true),
        ("vaults/backupOperations/read", true, true, true),
        ("vaults/backupOperationResults/read", true, true, true),
        ("vaults/backupconfig/read", true, false, true),
        ("vaults/backupconfig/write", true, false, false),
        ("vaults/backupstorageconfig/read", true, true, true),
        ("vaults/backupstorageconfig/write", true, true, false),
        ("vaults/backupUsageSummaries/read", true, true, true),
        ("vaults/usages/read", true, true, true),
        ("vaults/backupSecurityPIN/action", true, false, false),
        ("vaults/backupValidateOperation/action", true, true, false),
        ("vaults/backupResourceGuardProxies/read", true, true, false),
        ("vaults/backupResourceGuardProxies/unlockDelete/action", true, true, false),
        ("vaults/monitoringAlerts/write", true, true, true),
        ("locations/backupStatus/action", true, true, true),
        ("locations/backupPreValidateProtection/action", true, true, false),
        ("locations/backupValidateFeatures/action", true, true, true),
        ("locations/backupCrossRegionRestore/action", true, true, false),
        ("locations/backupCrrJobs/action", true, true, true),
    ];

    #[test]
    fn the_backup_roles_allow_what_the_matrix_says() {
        for (action, contributor, operator, reader) in MATRIX {
            let full = format!("Microsoft.RecoveryServices/{action}");
            for (role, want) in [("Backup Contributor", contributor), ("Backup Operator", operator), ("Backup Reader", reader)] {
                assert_eq!(allowed(&given(role, "/subscriptions/s1"), &full, VAULT), *want, "{role}: {full}");
            }
        }
    }

    #[test]
    fn owner_may_all_and_reader_only_reads() {
        assert!(allowed(&given("owner", "/"), "Microsoft.RecoveryServices/vaults/delete", VAULT));
        assert!(allowed(&given("Reader", "/"), "microsoft.recoveryservices/VAULTS/READ", VAULT));
        assert!(!allowed(&given("Reader", "/"), "Microsoft.RecoveryServices/vaults/write", VAULT));
        assert!(!allowed(&given("Wizard", "/"), "Microsoft.RecoveryServices/vaults/read", VAULT));
        assert!(!allowed(&[], "Microsoft.RecoveryServices/vaults/read", VAULT));
    }

    #[test]
    fn a_scope_ends_at_a_segment() {
        let at = |scope: &str| allowed(&given("Owner", scope), "x/read", VAULT);
        assert!(at("/") && at("/SUBSCRIPTIONS/S1") && at("/subscriptions/s1/resourcegroups/RG1/") && at(VAULT));
        assert!(!at("/subscriptions/s1/resourceGroups/rg") && !at("/subscriptions/s") && !at("/subscriptions/s2"));
        assert!(!at(&format!("{VAULT}/backupPolicies/p")));
    }

    proptest! {
        #[test]
        fn a_pattern_without_stars_matches_itself_alone(a in "[a-zA-Z/.]{0,20}", b in "[a-zA-Z/.]{0,20}") {
            prop_assert!(matches(&a, &a.to_uppercase()));
            prop_assert_eq!(matches(&a, &b), a.eq_ignore_ascii_case(&b));
        }
        #[test]
        fn a_star_stands_for_any_run(head in "[a-z/]{0,10}", middle in "[a-z/]{0,20}", tail in "[a-z/]{0,10}") {
            let (pattern, action) = (format!("{head}*{tail}"), format!("{head}{middle}{tail}"));
            prop_assert!(matches(&pattern, &action));
            let (twice, again) = (format!("*{head}**{tail}*"), format!("x{head}{middle}{tail}y"));
            prop_assert!(matches(&twice, &again));
        }
        #[test]
        fn what_a_wider_scope_is_refused_a_narrower_one_is_too(role in 0usize..5, depth in 1usize..9, action in "[a-z]{1,8}(/[a-z]{1,8}){0,3}/(read|write|action)") {
            let parts: Vec<&str> = VAULT.split('/').collect();
            let scope = parts[..=depth.min(parts.len() - 1)].join("/");
            let name = crate::access::ROLES[role].name;
            prop_assert_eq!(allowed(&given(name, &scope), &action, VAULT), allowed(&given(name, "/"), &action, VAULT));
        }
    }
}
