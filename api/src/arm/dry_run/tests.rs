//! What a dry run tells, and that it leaves nothing behind.

use super::{asked, rehearsed};
use http::Method;

#[test]
fn only_changes_of_vaults_policies_items_and_restores_are_rehearsed() {
    let vault = "subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/g/providers/Microsoft.RecoveryServices/vaults/v";
    let item = "backupFabrics/Azure/protectionContainers/c/protectedItems/i";
    let known = |method: Method, rest: &str| {
        let path = format!("{vault}{}{rest}", if rest.is_empty() { "" } else { "/" });
        rehearsed(&method, &path.split('/').map(str::to_owned).collect::<Vec<_>>()).is_some()
    };
    for (method, rest) in [
        (Method::PUT, String::new()),
        (Method::DELETE, String::new()),
        (Method::PUT, "backupPolicies/p".into()),
        (Method::DELETE, item.to_owned()),
        (Method::POST, format!("{item}/backup")),
        (Method::POST, format!("{item}/recoveryPoints/r/restore")),
    ] {
        assert!(known(method.clone(), &rest), "{method} {rest}");
    }
    for (method, rest) in [
        (Method::GET, String::new()),
        (Method::POST, "backupJobsExport".into()),
        (Method::POST, format!("{item}/recoveryPoints/r/move")),
        (Method::PUT, format!("{item}/backup")),
    ] {
        assert!(!known(method.clone(), &rest), "{method} {rest}");
    }
}

#[test]
fn the_parameter_says_true_or_false() {
    assert!(asked("api-version=1&rsvault-dry-run=True").unwrap());
    assert!(asked("rsvault%2Ddry%2Drun=%74rue").unwrap());
    assert!(asked("rsvault-dry-run=false&RSVAULT-dry-run=true").unwrap());
    assert!(!asked("rsvault-dry-run=false").unwrap());
    assert!(!asked("api-version=1").unwrap());
    assert_eq!(asked("rsvault-dry-run=maybe").unwrap_err().target.as_deref(), Some("rsvault-dry-run"));
}
