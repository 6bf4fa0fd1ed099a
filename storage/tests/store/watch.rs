//! What waits for its time: due items and containers, timers, the clock's mark; alerts and health.

use crate::bed::Bed;
use crate::on_both;
use crate::sample::{at, command, container, id, item, point, server, set, stored_item, vault};
use jiff::Timestamp;
use rsvault_domain::alert::{Alert, AlertKind};
use rsvault_domain::backup::BackupKind;
use rsvault_domain::discovery::Registration;
use rsvault_domain::health::{HealthEvent, HealthMetric, HealthStatus};
use rsvault_domain::id::{ItemId, VaultId};
use rsvault_domain::ports::{About, Gauges, Page, StoreError, Timer, Tx};
use rsvault_domain::protection::{MissedSlot, SoftDeleted, Track, Trouble};
use rsvault_domain::work::{CommandState, ProtectionChange, TaskKind};
use std::collections::BTreeMap;
use uuid::Uuid;

on_both!(
    an_item_keeps_its_track,
    items_come_up_for_retention_and_watch_by_their_time,
    registered_containers_come_up_for_discovery,
    each_timer_is_its_earliest_moment,
    the_clock_has_one_mark,
    alerts_come_newest_first_and_are_active_until_resolved,
    every_kind_of_alert_is_read_back_as_it_was,
    health_events_are_read_by_metric_and_time,
    alerts_and_health_go_with_their_vault,
    the_gauges_count_what_is_open,
);

async fn an_item_keeps_its_track(bed: Bed) {
    let mut tx = bed.begin().await;
    let mut item = stored_item(&mut *tx, "v1").await;
    assert_eq!(tx.item_by_id(item.id).await.unwrap(), Some(item.clone()));
    item.track = Track {
        scheduled_since: Some(at(1)),
        slots: [(BackupKind::Log, at(2)), (BackupKind::Full, at(3))].into(),
        missed: vec![MissedSlot { kind: BackupKind::Differential, slot: at(4), noticed_at: at(5) }],
        needs_full: Some("UserErrorDbOverwritten".into()),
        trouble: Some(Trouble { code: "UserErrorDbOffline".into(), times: 3 }),
        restore_trouble: Some(Trouble { code: "WorkloadRestoreFailed".into(), times: 1 }),
        read_only: true,
        policy_fault: Some("VMNotInRunningStateUserError".into()),
        unsupported: vec![BackupKind::Log],
    };
    item.reap_at = Some(at(6));
    item.watch_at = Some(at(7));
    tx.update_item(&item).await.unwrap();
    assert_eq!(tx.item_by_id(item.id).await.unwrap(), Some(item.clone()));
    let mut twin = item.clone();
    twin.id = id();
    twin.name = rsvault_domain::id::ItemName::new("MSSQLSERVER", "Twin");
    tx.insert_item(&twin).await.unwrap();
    assert_eq!(tx.item_by_id(twin.id).await.unwrap(), Some(twin));
}

async fn items_come_up_for_retention_and_watch_by_their_time(bed: Bed) {
    let mut tx = bed.begin().await;
    let mut items = Vec::new();
    for (n, (reap, watch)) in [(Some(30), None), (Some(10), Some(20)), (Some(20), Some(10)), (None, Some(30))].into_iter().enumerate() {
        let mut item = stored_item(&mut *tx, &format!("v{n}")).await;
        item.reap_at = reap.map(at);
        item.watch_at = watch.map(at);
        tx.update_item(&item).await.unwrap();
        items.push(item);
    }
    let of = |numbers: &[usize]| numbers.iter().map(|n| items[*n].clone()).collect::<Vec<_>>();
    assert_eq!(tx.items_to_reap(at(9), 9).await.unwrap(), []);
    assert_eq!(tx.items_to_reap(at(20), 9).await.unwrap(), of(&[1, 2]), "its very moment counts");
    assert_eq!(tx.items_to_reap(at(99), 9).await.unwrap(), of(&[1, 2, 0]));
    assert_eq!(tx.items_to_reap(at(99), 1).await.unwrap(), of(&[1]));
    assert_eq!(tx.items_to_watch(at(9), 9).await.unwrap(), []);
    assert_eq!(tx.items_to_watch(at(99), 9).await.unwrap(), of(&[2, 1, 3]));
    assert_eq!(tx.items_to_watch(at(99), 2).await.unwrap(), of(&[2, 1]));
}

async fn registered_containers_come_up_for_discovery(bed: Bed) {
    use Registration::{Registered, Registering, SoftDeleted};
    let mut tx = bed.begin().await;
    let vault = vault("v1");
    tx.insert_vault(&vault).await.unwrap();
    let mut stored = Vec::new();
    for (n, (registration, due)) in
        [(Registered, Some(20)), (Registering, Some(5)), (Registered, Some(10)), (SoftDeleted, Some(5)), (Registered, None)]
            .into_iter()
            .enumerate()
    {
        let mut container = container(vault.id, &server(&format!("vm{n}")));
        tx.insert_container(&container).await.unwrap();
        container.registration = registration;
        container.discover_at = due.map(at);
        tx.update_container(&container).await.unwrap();
        assert_eq!(tx.container_by_id(container.id).await.unwrap().as_ref(), Some(&container));
        stored.push(container);
    }
    assert_eq!(tx.containers_to_discover(at(9), 9).await.unwrap(), []);
    assert_eq!(tx.containers_to_discover(at(10), 9).await.unwrap(), [stored[2].clone()]);
    assert_eq!(tx.containers_to_discover(at(99), 9).await.unwrap(), [stored[2].clone(), stored[0].clone()]);
    assert_eq!(tx.containers_to_discover(at(99), 1).await.unwrap(), [stored[2].clone()]);
    let timers = tx.timers().await.unwrap();
    assert_eq!(timers, [(Timer::Discover, at(10))], "only registered ones");
}

async fn each_timer_is_its_earliest_moment(bed: Bed) {
    let mut tx = bed.begin().await;
    assert_eq!(tx.timers().await.unwrap(), []);
    let mut expected: BTreeMap<&str, (Timer, Timestamp)> = BTreeMap::new();
    let same = async |tx: &mut dyn Tx, expected: &BTreeMap<&str, (Timer, Timestamp)>| {
        let timers = tx.timers().await.unwrap();
        assert_eq!(timers.len(), expected.len(), "{timers:?}");
        assert!(expected.values().all(|timer| timers.contains(timer)), "{timers:?}, not {expected:?}");
    };
    let mut old = stored_item(&mut *tx, "v1").await;
    for (n, seconds) in [40, 30, 50].into_iter().enumerate() {
        let mut item = item(&tx.container_by_id(old.container_id).await.unwrap().unwrap(), &format!("db{n}"));
        item.soft_deleted = Some(SoftDeleted { at: at(0), purge_at: at(seconds) });
        item.reap_at = Some(at(seconds + 1));
        item.watch_at = Some(at(seconds + 2));
        tx.insert_item(&item).await.unwrap();
        let work = TaskKind::Protect { item: item.id, operation: id(), job: id(), change: ProtectionChange::Stop };
        tx.enqueue(id(), &work, at(seconds + 3)).await.unwrap();
        old = item;
    }
    expected.insert("purge", (Timer::Purge, at(30)));
    expected.insert("reap", (Timer::Reap, at(31)));
    expected.insert("watch", (Timer::Watch, at(32)));
    expected.insert("task", (Timer::Task, at(33)));
    same(&mut *tx, &expected).await;
    // A command waits for its deadline while it is queued, for its lease while it is leased.
    let host = tx.put_server(&server("vm9")).await.unwrap().id;
    let mut queued = command(host, 0);
    queued.deadline_at = at(80);
    tx.insert_command(&queued).await.unwrap();
    expected.insert("lease", (Timer::Lease, at(80)));
    same(&mut *tx, &expected).await;
    let mut leased = command(host, 1);
    (leased.state, leased.generation, leased.deadline_at, leased.lease_expires_at) = (CommandState::Leased, 1, at(2), Some(at(60)));
    tx.insert_command(&leased).await.unwrap();
    expected.insert("lease", (Timer::Lease, at(60)));
    same(&mut *tx, &expected).await;
    queued.deadline_at = at(50);
    tx.update_command(&queued).await.unwrap();
    expected.insert("lease", (Timer::Lease, at(50)));
    same(&mut *tx, &expected).await;
    queued.state = CommandState::Done;
    leased.state = CommandState::Done;
    tx.update_command(&queued).await.unwrap();
    tx.update_command(&leased).await.unwrap();
    expected.remove("lease");
    same(&mut *tx, &expected).await;
}

async fn the_clock_has_one_mark(bed: Bed) {
    let mut tx = bed.begin().await;
    assert_eq!(tx.clock_mark().await.unwrap(), None);
    tx.set_clock_mark(at(5)).await.unwrap();
    tx.set_clock_mark(at(3)).await.unwrap();
    assert_eq!(tx.clock_mark().await.unwrap(), Some(at(3)), "the latest one noted, whatever it says");
    tx.commit().await.unwrap();
    assert_eq!(bed.read().await.clock_mark().await.unwrap(), Some(at(3)));
}

fn alert(vault: VaultId, item: Option<ItemId>, kind: AlertKind, seconds: i64) -> Alert {
    Alert {
        id: id(),
        vault_id: vault,
        item_id: item,
        subject: "sales [vm1]".into(),
        kind,
        code: Some("UserErrorDbOffline".into()),
        text: "It is offline. Bring it online.".into(),
        job_id: Some(id()),
        fired_at: at(seconds),
        resolved_at: None,
    }
}

async fn alerts_come_newest_first_and_are_active_until_resolved(bed: Bed) {
    use AlertKind::{BackupFailure, SoftDeleteDisabled};
    let mut tx = bed.begin().await;
    let (vault, other) = (vault("v1"), vault("v2"));
    tx.insert_vault(&vault).await.unwrap();
    tx.insert_vault(&other).await.unwrap();
    let item: ItemId = id();
    let mut alerts = vec![
        alert(vault.id, Some(item), BackupFailure, 40),
        alert(vault.id, Some(item), BackupFailure, 30),
        alert(vault.id, None, SoftDeleteDisabled, 20),
        alert(vault.id, Some(id()), BackupFailure, 10),
    ];
    alerts[2].code = None;
    alerts[2].job_id = None;
    for alert in &alerts {
        tx.insert_alert(alert).await.unwrap();
        assert_eq!(tx.alert(vault.id, alert.id).await.unwrap().as_ref(), Some(alert));
        assert_eq!(tx.alert(other.id, alert.id).await.unwrap(), None, "another vault's");
    }
    assert!(matches!(tx.insert_alert(&alerts[0]).await, Err(StoreError::Exists(_))));
    tx.insert_alert(&alert(other.id, Some(item), BackupFailure, 99)).await.unwrap();
    let first = tx.alerts(vault.id, false, &Page { after: None, limit: 3 }).await.unwrap();
    assert_eq!(first.items, alerts[..3]);
    let rest = tx.alerts(vault.id, false, &Page { after: first.next, limit: 3 }).await.unwrap();
    assert_eq!((rest.items.as_slice(), rest.next), (&alerts[3..], None));
    let active =
        async |tx: &mut dyn Tx, about: About<'_>, kind| tx.active_alert(vault.id, about, kind).await.unwrap().map(|alert| alert.id);
    assert_eq!(active(&mut *tx, About::Item(item), BackupFailure).await, Some(alerts[0].id), "the newest of two");
    assert_eq!(active(&mut *tx, About::Subject("sales [vm1]"), BackupFailure).await, None, "those are about items");
    assert_eq!(active(&mut *tx, About::Subject(&alerts[2].subject), SoftDeleteDisabled).await, Some(alerts[2].id));
    assert_eq!(active(&mut *tx, About::Subject("another"), SoftDeleteDisabled).await, None);
    assert_eq!(active(&mut *tx, About::Item(item), SoftDeleteDisabled).await, None);
    alerts[0].resolved_at = Some(at(50));
    alerts[0].text = "It was offline.".into();
    tx.update_alert(&alerts[0]).await.unwrap();
    assert_eq!(active(&mut *tx, About::Item(item), BackupFailure).await, Some(alerts[1].id));
    assert_eq!(tx.alerts(vault.id, true, &Page::default()).await.unwrap().items, alerts[1..]);
    assert_eq!(tx.alerts(vault.id, false, &Page::default()).await.unwrap().items, alerts);
    alerts[0].id = id();
    assert!(matches!(tx.update_alert(&alerts[0]).await, Err(StoreError::Missing(_))));
}

async fn every_kind_of_alert_is_read_back_as_it_was(bed: Bed) {
    use AlertKind::*;
    let mut tx = bed.begin().await;
    let vault = vault("v1");
    tx.insert_vault(&vault).await.unwrap();
    for kind in [
        DeleteBackupData,
        UpcomingPurge,
        PurgeComplete,
        SoftDeleteDisabled,
        PolicyRetentionReduced,
        ProtectionRetentionReduced,
        BackupFailure,
        RestoreFailure,
        UnsupportedBackupType,
        WorkloadExtensionUnhealthy,
        BackupMissed,
    ] {
        let alert = alert(vault.id, None, kind, 0);
        tx.insert_alert(&alert).await.unwrap();
        assert_eq!(tx.active_alert(vault.id, About::Subject(&alert.subject), kind).await.unwrap(), Some(alert));
    }
}

async fn health_events_are_read_by_metric_and_time(bed: Bed) {
    use HealthStatus::*;
    let mut tx = bed.begin().await;
    let vault = vault("v1");
    tx.insert_vault(&vault).await.unwrap();
    let event = |metric, status, seconds, code: Option<&str>| HealthEvent {
        vault_id: vault.id,
        item_id: Uuid::from_u128(1).into(),
        job_id: code.map(|_| id()),
        metric,
        status,
        code: code.map(str::to_owned),
        at: at(seconds),
    };
    let backups = [
        event(HealthMetric::Backup, Healthy, 10, None),
        event(HealthMetric::Backup, TransientDegraded, 20, Some("A")),
        // Two of one moment keep their order.
        event(HealthMetric::Backup, PersistentDegraded, 30, Some("B")),
        event(HealthMetric::Backup, TransientUnhealthy, 30, Some("C")),
        event(HealthMetric::Backup, PersistentUnhealthy, 40, Some("D")),
    ];
    let restore = event(HealthMetric::Restore, Healthy, 25, None);
    for event in backups[2..].iter().chain([&restore]).chain(&backups[..2]) {
        tx.insert_health_event(event).await.unwrap();
    }
    let read = async |tx: &mut dyn Tx, metric, from, to, limit| tx.health_events(vault.id, metric, at(from), at(to), limit).await.unwrap();
    assert_eq!(read(&mut *tx, HealthMetric::Backup, 0, 99, 9).await, backups);
    assert_eq!(read(&mut *tx, HealthMetric::Backup, 20, 40, 9).await, backups[1..4], "from counts, to does not");
    assert_eq!(read(&mut *tx, HealthMetric::Backup, 0, 99, 2).await, backups[..2]);
    assert_eq!(read(&mut *tx, HealthMetric::Restore, 0, 99, 9).await, [restore]);
    assert_eq!(tx.health_events(id(), HealthMetric::Backup, at(0), at(99), 9).await.unwrap(), []);
}

async fn alerts_and_health_go_with_their_vault(bed: Bed) {
    let mut tx = bed.begin().await;
    let vault = vault("v1");
    tx.insert_vault(&vault).await.unwrap();
    let fired = alert(vault.id, None, AlertKind::PurgeComplete, 0);
    tx.insert_alert(&fired).await.unwrap();
    let event = HealthEvent {
        vault_id: vault.id,
        item_id: id(),
        job_id: None,
        metric: HealthMetric::Backup,
        status: HealthStatus::Healthy,
        code: None,
        at: at(0),
    };
    tx.insert_health_event(&event).await.unwrap();
    tx.remove_vault(vault.id).await.unwrap();
    assert_eq!(tx.alert(vault.id, fired.id).await.unwrap(), None);
    assert_eq!(tx.health_events(vault.id, HealthMetric::Backup, at(0), at(1), 9).await.unwrap(), []);
}

async fn the_gauges_count_what_is_open(bed: Bed) {
    let mut tx = bed.begin().await;
    assert_eq!(tx.gauges(at(0)).await.unwrap(), Gauges::default());
    let item = stored_item(&mut *tx, "v1").await;
    let host = tx.put_server(&server("vm9")).await.unwrap().id;
    for state in [CommandState::Queued, CommandState::Leased, CommandState::Done] {
        let mut command = command(host, 0);
        command.state = state;
        tx.insert_command(&command).await.unwrap();
    }
    for seconds in [5, 10, 15] {
        tx.enqueue(id(), &TaskKind::CollectSet { set: id() }, at(seconds)).await.unwrap();
    }
    let set = tx.open_set(&set(&item, "1")).await.unwrap();
    tx.insert_point(&point(&set, "100000000000001", BackupKind::Full, 6)).await.unwrap();
    for (kind, resolved) in [(AlertKind::BackupMissed, None), (AlertKind::BackupFailure, None), (AlertKind::BackupMissed, Some(at(9)))] {
        let alert = Alert {
            id: Uuid::new_v4(),
            vault_id: item.vault_id,
            item_id: Some(item.id),
            subject: "s".into(),
            kind,
            code: None,
            text: "m".into(),
            job_id: None,
            fired_at: at(1),
            resolved_at: resolved,
        };
        tx.insert_alert(&alert).await.unwrap();
    }
    let expected = Gauges { open_commands: 2, due_tasks: 2, points: 1, active_alerts: 2, missed: 1 };
    assert_eq!(tx.gauges(at(10)).await.unwrap(), expected);
}
