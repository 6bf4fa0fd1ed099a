//! Tiers of points, exports of jobs, counts of what was asked for.

use crate::bed::Bed;
use crate::on_both;
use crate::sample::{at, id, job, manifest, operation, point, set, stored_item, vault};
use rsvault_domain::archive::Tier;
use rsvault_domain::backup::*;
use rsvault_domain::id::SetId;
use rsvault_domain::job::{JobKind, JobStatus};
use rsvault_domain::operation::Subject;
use rsvault_domain::ports::{Ended, JobExport, JobFilter, TieredPoint, Tx};
use rsvault_domain::protection::ProtectedItem;
use uuid::Uuid;

on_both!(
    a_point_keeps_its_tier,
    what_can_need_a_full_ends_with_the_first_log_after_the_next_full,
    an_export_goes_with_its_operation,
    only_what_users_asked_for_counts,
);

async fn committed(tx: &mut dyn Tx, item: &ProtectedItem, n: u32, kind: BackupKind) -> RecoveryPoint {
    let set = tx.open_set(&BackupSet { kind, ..set(item, &format!("slot {n}")) }).await.unwrap();
    assert!(tx.commit_set(set.id, 1, &manifest(&set), at(0)).await.unwrap());
    let point = point(&set, &format!("{}", 100_000_000_000_000 + u64::from(n)), kind, i64::from(n) * 10);
    tx.insert_point(&point).await.unwrap();
    point
}

async fn a_point_keeps_its_tier(bed: Bed) {
    let mut tx = bed.begin().await;
    let item = stored_item(&mut *tx, "v1").await;
    let mut one = committed(&mut *tx, &item, 1, BackupKind::Full).await;
    committed(&mut *tx, &item, 2, BackupKind::Full).await;
    assert_eq!(tx.tiered_points(item.id).await.unwrap(), []);
    for tier in [
        Tier::Moving { until: at(60), job: id() },
        Tier::Archived { since: at(61) },
        Tier::Rehydrating { since: at(61), until: at(100), job: id() },
        Tier::Rehydrated { since: at(61), until: at(200) },
    ] {
        assert!(tx.set_tier(one.set_id, &tier).await.unwrap());
        one.tier = tier;
        assert_eq!(tx.point(item.id, &one.name).await.unwrap().as_ref(), Some(&one));
        assert_eq!(tx.tiered_points(item.id).await.unwrap(), [TieredPoint { name: one.name.clone(), set_id: one.set_id, tier }]);
    }
    assert!(tx.set_tier(one.set_id, &Tier::Standard).await.unwrap());
    assert_eq!(tx.tiered_points(item.id).await.unwrap(), []);
    assert!(!tx.set_tier(SetId(Uuid::now_v7()), &Tier::Standard).await.unwrap(), "there is none");
    let set = tx.open_set(&BackupSet { kind: BackupKind::Full, ..self::set(&item, "archived") }).await.unwrap();
    let born = RecoveryPoint { tier: Tier::Archived { since: at(7) }, ..point(&set, "199999999999999", BackupKind::Full, 99) };
    tx.insert_point(&born).await.unwrap();
    assert_eq!(tx.point(item.id, &born.name).await.unwrap(), Some(born));
}

async fn what_can_need_a_full_ends_with_the_first_log_after_the_next_full(bed: Bed) {
    use BackupKind::{CopyOnlyFull, Differential, Full, Log};
    let mut tx = bed.begin().await;
    let item = stored_item(&mut *tx, "v1").await;
    let kinds = [Log, Full, Log, Differential, CopyOnlyFull, Full, Differential, Log, Log, Full];
    let mut points = Vec::new();
    for (n, kind) in (0..).zip(kinds) {
        points.push(committed(&mut *tx, &item, n, kind).await);
    }
    let from = async |tx: &mut dyn Tx, n: usize| {
        let marks = tx.marks_from(item.id, points[n].time).await.unwrap();
        marks.iter().map(|mark| points.iter().position(|p| p.set_id == mark.link.set_id).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(from(&mut *tx, 1).await, [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(from(&mut *tx, 5).await, [5, 6, 7, 8, 9], "no log ended after the last full");
    assert_eq!(from(&mut *tx, 9).await, [9]);
}

async fn an_export_goes_with_its_operation(bed: Bed) {
    let mut tx = bed.begin().await;
    let vault = vault("v1");
    tx.insert_vault(&vault).await.unwrap();
    let mut operation = operation(&vault, Subject::Export);
    operation.ended_at = Some(at(5));
    tx.insert_operation(&operation).await.unwrap();
    let export = JobExport {
        operation: operation.id,
        vault_id: vault.id,
        filter: JobFilter {
            status: Some(JobStatus::Failed),
            family: Some("Backup".into()),
            from: Some(at(1)),
            to: Some(at(2)),
            id: Some(id()),
        },
        secret: "s".into(),
        expires_at: at(3),
    };
    tx.insert_export(&export).await.unwrap();
    assert_eq!(tx.export(operation.id).await.unwrap(), Some(export.clone()));
    assert!(!format!("{export:?}").contains("\"s\""), "the secret is in no log");
    assert_eq!(tx.export(id()).await.unwrap(), None);
    assert_eq!(tx.prune(Ended::Operations, at(6), 10).await.unwrap(), 1);
    assert_eq!(tx.export(operation.id).await.unwrap(), None);
}

async fn only_what_users_asked_for_counts(bed: Bed) {
    let mut tx = bed.begin().await;
    let vault = vault("v1");
    tx.insert_vault(&vault).await.unwrap();
    let item = id();
    let full = JobKind::Backup(BackupKind::Full);
    for (n, kind, user, of) in [
        (0, full, true, Some(item)),
        (10, full, true, Some(item)),
        (11, full, true, Some(item)),
        (12, full, false, Some(item)),
        (13, full, true, Some(id())),
        (14, JobKind::Backup(BackupKind::Log), true, Some(item)),
        (15, JobKind::Restore(BackupKind::Full), true, Some(item)),
        (16, full, true, None),
    ] {
        let mut job = job(vault.id, kind, n);
        (job.item_id, job.user_triggered) = (of, user);
        tx.insert_job(&job).await.unwrap();
    }
    assert_eq!(tx.backups_asked_for(item, BackupKind::Full, at(10)).await.unwrap(), 2);
    assert_eq!(tx.backups_asked_for(item, BackupKind::Log, at(0)).await.unwrap(), 1);
    assert_eq!(tx.backups_asked_for(id(), BackupKind::Full, at(0)).await.unwrap(), 0);
}
