use super::*;
use proptest::prelude::*;

const OLD: &str = "16.0.4165.4";
const NEW: &str = "17.0.1000.7";
const KINDS: [BackupKind; 4] = [BackupKind::Full, BackupKind::Differential, BackupKind::Log, BackupKind::CopyOnlyFull];
const PREFERENCES: [Preference; 4] = [Preference::Primary, Preference::SecondaryOnly, Preference::PreferSecondary, Preference::None];

fn server(n: usize) -> ServerId {
    ServerId(Uuid::from_u128(100 + n as u128))
}
fn replica(n: usize, role: Role, version: &str, registered: bool) -> Replica {
    Replica {
        host: format!("sql{n}"),
        instance: "MSSQLSERVER".into(),
        version: version.into(),
        role,
        synchronized: true,
        node: registered.then(|| server(n)),
        vm_id: None,
    }
}
/// Replica 0 is the primary.
fn group(preference: Preference, versions: &[&str], registered: &[bool]) -> Group {
    let role = |n| if n == 0 { Role::Primary } else { Role::Secondary };
    let replicas = versions.iter().zip(registered).enumerate().map(|(n, (version, r))| replica(n, role(n), version, *r)).collect();
    Group { id: Uuid::from_u128(1), name: "ag1".into(), preference, replicas }
}
fn any_kind() -> impl Strategy<Value = BackupKind> {
    prop::sample::select(KINDS.to_vec())
}
fn any_preference() -> impl Strategy<Value = Preference> {
    prop::sample::select(PREFERENCES.to_vec())
}
fn any_role() -> impl Strategy<Value = Role> {
    prop::sample::select(vec![Role::Primary, Role::Secondary, Role::Resolving])
}
prop_compose! {
    fn any_replica()(role in any_role(), modern: bool, synchronized: bool, registered: bool) -> Replica {
        Replica { synchronized, ..replica(0, role, if modern { NEW } else { OLD }, registered) }
    }
}
prop_compose! {
    fn any_group()(preference in any_preference(), mut replicas in prop::collection::vec(any_replica(), 1..6)) -> Group {
        for (n, replica) in replicas.iter_mut().enumerate() {
            replica.host = format!("sql{n}");
            replica.node = replica.node.map(|_| server(n));
        }
        Group { id: Uuid::from_u128(1), name: "ag1".into(), preference, replicas }
    }
}

#[test]
fn the_whole_table_is_the_documented_one() {
    use BackupKind::{CopyOnlyFull, Differential, Full, Log};
    use Preference::{PreferSecondary, Primary, SecondaryOnly};
    // Preference; fulls and differentials up to 2022; the same from 2025; logs and copy-only fulls.
    let table = [
        (Primary, Takers::Primary, Takers::Primary, Takers::Primary),
        (SecondaryOnly, Takers::Primary, Takers::Secondaries, Takers::Secondaries),
        (PreferSecondary, Takers::Primary, Takers::SecondariesFirst, Takers::SecondariesFirst),
        (Preference::None, Takers::Primary, Takers::All, Takers::All),
    ];
    for (preference, old, new, light) in table {
        for kind in [Full, Differential] {
            assert_eq!(Takers::of(preference, kind, false), old, "{preference:?} {kind:?} up to 2022");
            assert_eq!(Takers::of(preference, kind, true), new, "{preference:?} {kind:?} from 2025");
        }
        for kind in [Log, CopyOnlyFull] {
            for modern in [false, true] {
                assert_eq!(Takers::of(preference, kind, modern), light, "{preference:?} {kind:?}");
            }
        }
    }
}

#[test]
fn one_old_replica_makes_the_group_old() {
    assert!(group(Preference::None, &[NEW, NEW], &[true, true]).modern());
    assert!(!group(Preference::None, &[NEW, OLD], &[true, true]).modern());
    assert!(!group(Preference::None, &[NEW, "what"], &[true, true]).modern());
}

#[test]
fn protection_needs_the_nodes_that_its_backups_run_on() {
    let ok = |preference, version, primary, secondary| {
        let result = group(preference, &[version, version], &[primary, secondary]).may_protect();
        if let Err(fault) = &result {
            assert_eq!(fault.code, codes::PREFERENCE_CHECK);
        }
        result.is_ok()
    };
    // Up to 2022 the primary is needed whatever the preference; secondary-only needs both.
    for preference in PREFERENCES {
        let needs_both = preference == Preference::SecondaryOnly;
        assert_eq!(ok(preference, OLD, true, false), !needs_both, "{preference:?}");
        assert!(!ok(preference, OLD, false, true), "{preference:?}");
        assert!(ok(preference, OLD, true, true) && !ok(preference, OLD, false, false), "{preference:?}");
        // From 2025 one node that the preference admits is enough.
        assert_eq!(ok(preference, NEW, true, false), preference != Preference::SecondaryOnly, "{preference:?}");
        assert_eq!(ok(preference, NEW, false, true), preference != Preference::Primary, "{preference:?}");
        assert!(!ok(preference, NEW, false, false), "{preference:?}");
    }
}

#[test]
fn a_secondary_is_asked_first_and_the_primary_while_it_is_down() {
    let group = group(Preference::PreferSecondary, &[OLD, OLD], &[true, true]);
    assert_eq!(group.able(BackupKind::Log, |_| true), [server(1), server(0)]);
    assert!(group.elects(BackupKind::Log, server(1), |_| true) && !group.elects(BackupKind::Log, server(0), |_| true));
    assert!(group.elects(BackupKind::Log, server(0), |node| node == server(0)));
    assert_eq!(group.able(BackupKind::Full, |_| true), [server(0)]);
}

#[test]
fn a_node_that_says_it_is_no_primary_makes_the_other_of_two_one() {
    let mut group = group(Preference::SecondaryOnly, &[OLD, OLD], &[true, true]);
    group.believe(server(0), BackupKind::Full, codes::NOT_ON_SECONDARY);
    assert_eq!(group.able(BackupKind::Full, |_| true), [server(1)]);
    group.believe(server(1), BackupKind::Full, codes::NOT_ON_SECONDARY);
    assert_eq!(group.able(BackupKind::Full, |_| true), [server(0)], "two words against each other: the last one counts");
}

proptest! {
    #[test]
    fn who_is_elected_may_take_it_and_says_so_itself(group in any_group(), kind in any_kind(), down in 0usize..6) {
        let up = |node| node != server(down);
        let able = group.able(kind, up);
        for replica in &group.replicas {
            let Some(node) = replica.node else { continue };
            let may = group.refusal(replica, kind).is_none();
            prop_assert_eq!(able.contains(&node), may && up(node));
            if group.elects(kind, node, up) {
                prop_assert!(may && up(node));
            }
            if may {
                prop_assert!(group.has_taker(kind));
                prop_assert!(replica.role != Role::Resolving);
                prop_assert!(!(group.takers(kind) == Takers::Primary && replica.role != Role::Primary));
                prop_assert!(!(group.takers(kind) == Takers::Secondaries && replica.role == Role::Primary));
            }
        }
        // Somebody is elected whenever anybody may, and the first in line always is.
        prop_assert_eq!(able.is_empty(), !group.nodes().any(|node| group.elects(kind, node, up)));
        if let Some(first) = able.first() {
            prop_assert!(group.elects(kind, *first, up));
        }
    }

    #[test]
    fn what_may_be_protected_can_be_backed_up(preference in any_preference(), modern: Vec<bool>, registered in prop::collection::vec(any::<bool>(), 1..6)) {
        let versions: Vec<_> = (0..registered.len()).map(|n| if modern.get(n).copied().unwrap_or(false) { NEW } else { OLD }).collect();
        let group = group(preference, &versions, &registered);
        if group.may_protect().is_ok() {
            for kind in KINDS {
                prop_assert!(group.has_taker(kind), "{kind:?}");
                prop_assert!(!group.able(kind, |_| true).is_empty(), "{kind:?}");
            }
        }
    }

    #[test]
    fn what_a_node_says_of_its_role_is_believed_and_nothing_else(group in any_group(), kind in any_kind()) {
        let primaries = |group: &Group| group.replicas.iter().filter(|r| r.role == Role::Primary).count();
        for node in group.able(kind, |_| true) {
            // What such a node can truly say: that it is no primary, or that it is the primary.
            let says: &[&str] = match group.takers(kind) {
                Takers::Primary => &[codes::NOT_ON_SECONDARY, codes::NOT_PREFERRED],
                Takers::Secondaries => &[codes::NOT_PREFERRED],
                Takers::SecondariesFirst | Takers::All => &[],
            };
            for code in says {
                let mut told = group.clone();
                told.believe(node, kind, code);
                prop_assert!(!told.able(kind, |_| true).contains(&node), "{code}");
                prop_assert!(primaries(&told) <= primaries(&group).max(1));
            }
            for code in [codes::REPLICA_RESOLVING, codes::NOT_IN_STEP, "WorkloadExtensionNotReachable"] {
                let mut told = group.clone();
                told.believe(node, kind, code);
                prop_assert_eq!(&told, &group);
            }
        }
    }
}
