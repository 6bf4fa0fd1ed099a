//! Recovery points as retention and the chain see them: kinds, marks, deletion.

use crate::bed::Bed;
use crate::on_both;
use crate::sample::{at, facts, id, manifest, point, set, stored_item};
use rsvault_domain::backup::chain::Link;
use rsvault_domain::backup::*;
use rsvault_domain::id::SetId;
use rsvault_domain::ports::{Page, PointFilter, PointSummary, Tx};
use rsvault_domain::protection::{ProtectedItem, SoftDeleted};
use uuid::Uuid;

on_both!(
    logs_are_listed_only_where_they_are_asked_for,
    a_mark_says_what_the_point_says,
    many_points_are_marked_each_its_own_way,
    deleted_points_leave_their_sets_to_the_collector,
    a_page_goes_on_within_its_bounds,
);

/// A committed set and its point.
async fn committed(tx: &mut dyn Tx, item: &ProtectedItem, n: u32, kind: BackupKind, seconds: i64) -> RecoveryPoint {
    let set = tx.open_set(&BackupSet { kind, ..set(item, &format!("slot {n}")) }).await.unwrap();
    assert!(tx.commit_set(set.id, 1, &manifest(&set), at(seconds)).await.unwrap());
    let point = point(&set, &format!("{}", 100_000_000_000_000 + u64::from(n)), kind, seconds);
    tx.insert_point(&point).await.unwrap();
    point
}
fn mark(point: &RecoveryPoint) -> PointMark {
    PointMark { link: Link::from(point), expires_at: point.expires_at, soft_deleted: point.soft_deleted, on_demand: point.on_demand }
}

async fn logs_are_listed_only_where_they_are_asked_for(bed: Bed) {
    use BackupKind::{CopyOnlyFull, Differential, Full, Log};
    let mut tx = bed.begin().await;
    let item = stored_item(&mut *tx, "v1").await;
    let mut points = Vec::new();
    for (n, kind) in [(0, Log), (1, Full), (2, Log), (3, Differential), (4, CopyOnlyFull), (5, Full), (6, Log)] {
        points.push(committed(&mut *tx, &item, n, kind, i64::from(n) * 10).await);
    }
    let listed = async |tx: &mut dyn Tx, kinds: &[BackupKind]| {
        let filter = PointFilter { kinds: kinds.to_vec(), ..PointFilter::default() };
        tx.points(item.id, &filter, &Page::default()).await.unwrap().items
    };
    let of = |numbers: &[usize]| numbers.iter().map(|n| points[*n].clone()).collect::<Vec<_>>();
    assert_eq!(listed(&mut *tx, &[]).await, of(&[5, 4, 3, 1]));
    assert_eq!(listed(&mut *tx, &[Log]).await, of(&[6, 2, 0]));
    assert_eq!(listed(&mut *tx, &[Full]).await, of(&[5, 1]));
    assert_eq!(listed(&mut *tx, &[Differential, Log]).await, of(&[6, 3, 2, 0]));
    assert_eq!(listed(&mut *tx, &[Full, Differential, Log, CopyOnlyFull]).await, of(&[6, 5, 4, 3, 2, 1, 0]));
    for (kind, newest) in [(Full, 5), (Differential, 3), (Log, 6), (CopyOnlyFull, 4)] {
        assert_eq!(tx.latest_point(item.id, kind).await.unwrap().as_ref(), Some(&points[newest]), "{kind:?}");
    }
    assert_eq!(tx.latest_point(id(), Full).await.unwrap(), None);
    let summary = PointSummary { count: 4, oldest: Some(at(0)), newest: Some(at(60)), fulls: 2 };
    assert_eq!(tx.point_summary(item.id).await.unwrap(), summary, "logs count for the times only");
}

async fn a_mark_says_what_the_point_says(bed: Bed) {
    let mut tx = bed.begin().await;
    let item = stored_item(&mut *tx, "v1").await;
    let other = stored_item(&mut *tx, "v2").await;
    assert_eq!(tx.marks(item.id).await.unwrap(), []);
    committed(&mut *tx, &other, 0, BackupKind::Full, 0).await;
    let mut expected = Vec::new();
    for n in (0..3).rev() {
        let set = tx.open_set(&set(&item, &n.to_string())).await.unwrap();
        let facts = BackupFacts {
            started_at: at(n * 100).checked_add(jiff::SignedDuration::from_nanos(1)).unwrap(),
            consistent_at: at(n * 100 + 50),
            // The largest that SQL Server knows: 25 digits.
            first_lsn: Lsn(10u128.pow(25) - 1),
            last_lsn: Lsn(n.unsigned_abs().into()),
            checkpoint_lsn: Lsn(11),
            database_backup_lsn: Lsn(12),
            recovery_fork: Uuid::from_u128(13),
            recovery_model: RecoveryModel::BulkLogged,
            bulk_logged: n == 1,
            ..facts()
        };
        let mut point = point(&set, &format!("10000000000000{n}"), BackupKind::Log, n * 100 + 50);
        point.facts = facts;
        point.on_demand = n == 2;
        point.expires_at = (n == 0).then(|| at(500));
        point.soft_deleted = (n == 1).then(|| SoftDeleted { at: at(600), purge_at: at(700) });
        tx.insert_point(&point).await.unwrap();
        assert_eq!(tx.point_of_set(set.id).await.unwrap().as_ref(), Some(&point));
        expected.insert(0, mark(&point));
    }
    assert_eq!(tx.marks(item.id).await.unwrap(), expected, "oldest first, of this item only");
}

async fn many_points_are_marked_each_its_own_way(bed: Bed) {
    let mut tx = bed.begin().await;
    let item = stored_item(&mut *tx, "v1").await;
    // More than one statement's worth, and a rest.
    for n in 0..233 {
        committed(&mut *tx, &item, n, BackupKind::Log, i64::from(n)).await;
    }
    let mut marks = tx.marks(item.id).await.unwrap();
    tx.mark_points(&[]).await.unwrap();
    assert_eq!(tx.marks(item.id).await.unwrap(), marks);
    for (n, mark) in (0..).zip(marks.iter_mut().skip(1)) {
        mark.expires_at = (n % 2 == 0).then(|| at(n));
        mark.soft_deleted = (n % 3 == 0).then(|| SoftDeleted { at: at(n + 1), purge_at: at(n + 2) });
    }
    tx.mark_points(&marks[1..]).await.unwrap();
    assert_eq!(tx.marks(item.id).await.unwrap(), marks, "the first one was not among them");
    // Marks are taken back, and a point that is gone stops nobody.
    let mut gone = marks[0].clone();
    gone.link.set_id = id();
    marks[1].soft_deleted = None;
    tx.mark_points(&[gone, marks[1].clone()]).await.unwrap();
    assert_eq!(tx.marks(item.id).await.unwrap(), marks);
}

async fn deleted_points_leave_their_sets_to_the_collector(bed: Bed) {
    let mut tx = bed.begin().await;
    let item = stored_item(&mut *tx, "v1").await;
    let other = stored_item(&mut *tx, "v2").await;
    let mut sets: Vec<SetId> = Vec::new();
    for n in 0..130 {
        sets.push(committed(&mut *tx, &item, n, BackupKind::Log, i64::from(n)).await.set_id);
    }
    let kept = sets.split_off(128);
    let foreign = committed(&mut *tx, &other, 0, BackupKind::Full, 0).await;
    let open = tx.open_set(&set(&item, "open")).await.unwrap();
    tx.delete_points(item.id, &[], at(900)).await.unwrap();
    assert_eq!(tx.marks(item.id).await.unwrap().len(), 130);
    let mut gone = sets.clone();
    gone.extend([foreign.set_id, open.id, id()]);
    tx.delete_points(item.id, &gone, at(1000)).await.unwrap();
    for set in sets {
        let left = tx.set_head(set).await.unwrap().unwrap();
        assert_eq!((left.state, left.closed_at), (SetState::Aborted, Some(at(1000))));
        assert_eq!(tx.point_of_set(set).await.unwrap(), None);
    }
    let left: Vec<SetId> = tx.marks(item.id).await.unwrap().iter().map(|m| m.link.set_id).collect();
    assert_eq!(left, kept);
    assert_eq!(tx.set_head(kept[0]).await.unwrap().unwrap().state, SetState::Committed);
    assert_eq!(tx.point_of_set(foreign.set_id).await.unwrap().as_ref(), Some(&foreign), "another item's stays");
    assert_eq!(tx.set_head(foreign.set_id).await.unwrap().unwrap().state, SetState::Committed);
    assert_eq!(tx.set_head(open.id).await.unwrap().unwrap().state, SetState::Open, "an open set is its command's to settle");
}

async fn a_page_goes_on_within_its_bounds(bed: Bed) {
    let mut tx = bed.begin().await;
    let item = stored_item(&mut *tx, "v1").await;
    let mut points = Vec::new();
    for n in 0..6 {
        points.insert(0, committed(&mut *tx, &item, n, BackupKind::Full, i64::from(n / 2)).await);
    }
    let filter = PointFilter { from: Some(at(1)), to: Some(at(2)), ..PointFilter::default() };
    let first = tx.points(item.id, &filter, &Page { after: None, limit: 3 }).await.unwrap();
    assert_eq!(first.items, points[..3]);
    let rest = tx.points(item.id, &filter, &Page { after: first.next.clone(), limit: 3 }).await.unwrap();
    assert_eq!((rest.items.as_slice(), rest.next), (&points[3..4], None));
    let narrower = PointFilter { to: Some(at(0)), ..PointFilter::default() };
    let page = tx.points(item.id, &narrower, &Page { after: first.next, limit: 3 }).await.unwrap();
    assert_eq!(page.items, points[4..], "a cursor from elsewhere widens nothing");
}
