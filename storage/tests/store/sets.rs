//! Backup sets, their ledger, and recovery points.

use crate::bed::Bed;
use crate::on_both;
use crate::sample::{at, chunk, id, manifest, point, set, stored_item};
use rsvault_domain::backup::{BackupKind, BackupSet, RecoveryPoint, RecoveryPointName, SetState};
use rsvault_domain::ports::{Page, PointFilter, PointSummary, StoreError};

on_both!(
    the_same_slot_is_the_same_set,
    a_ledger_row_never_changes,
    a_stale_generation_commits_nothing,
    a_set_moves_only_from_where_the_caller_believes_it,
    sets_are_found_by_state_and_age,
    a_deleted_item_leaves_its_sets_to_the_collector,
    points_come_newest_first_page_by_page,
);

async fn the_same_slot_is_the_same_set(bed: Bed) {
    let mut tx = bed.begin().await;
    let item = stored_item(&mut *tx, "v1").await;
    let first = set(&item, "slot 1");
    assert_eq!(tx.open_set(&first).await.unwrap(), first);
    assert_eq!(tx.open_set(&set(&item, "slot 1")).await.unwrap(), first);
    let other = set(&item, "slot 2");
    assert_eq!(tx.open_set(&other).await.unwrap(), other);
    assert_eq!(tx.set_of_command(other.command_id).await.unwrap(), Some(other.clone()));
    assert_eq!(tx.set_of_command(id()).await.unwrap(), None);
    let taken_over = rsvault_domain::backup::BackupSet { generation: 2, key_id: "key 2".into(), key_version: 2, ..first.clone() };
    tx.reopen_set(&taken_over).await.unwrap();
    assert_eq!(tx.set(first.id).await.unwrap(), Some(taken_over.clone()));
    assert!(tx.move_set(first.id, &[SetState::Open], SetState::Aborted, at(9)).await.unwrap());
    assert!(matches!(tx.reopen_set(&taken_over).await, Err(StoreError::Missing(_))));
}

async fn a_ledger_row_never_changes(bed: Bed) {
    let mut tx = bed.begin().await;
    let item = stored_item(&mut *tx, "v1").await;
    let set = tx.open_set(&set(&item, "slot")).await.unwrap();
    for (stream, seq) in [(1, 0), (0, 10), (0, 2)] {
        assert_eq!(tx.put_chunk(set.id, 1, &chunk(stream, seq)).await.unwrap(), chunk(stream, seq));
    }
    let mut forged = chunk(0, 2);
    forged.digest = [99; 32];
    forged.size = 1;
    assert_eq!(tx.put_chunk(set.id, 1, &forged).await.unwrap(), chunk(0, 2));
    assert_eq!(tx.chunk(set.id, 1, 0, 2).await.unwrap(), Some(chunk(0, 2)));
    assert_eq!(tx.chunk(set.id, 2, 0, 2).await.unwrap(), None, "another generation's");
    assert_eq!(tx.put_chunk(set.id, 2, &forged).await.unwrap(), forged);
    assert_eq!(tx.ledger(set.id, 1).await.unwrap(), [chunk(0, 2), chunk(0, 10), chunk(1, 0)]);
    assert_eq!(tx.ledger(set.id, 3).await.unwrap(), []);
}

async fn a_stale_generation_commits_nothing(bed: Bed) {
    let mut tx = bed.begin().await;
    let item = stored_item(&mut *tx, "v1").await;
    let mut set = tx.open_set(&set(&item, "slot")).await.unwrap();
    set.generation = 2;
    tx.reopen_set(&set).await.unwrap();
    let manifest = manifest(&set);
    assert!(!tx.commit_set(set.id, 1, &manifest, at(9)).await.unwrap());
    assert_eq!(tx.set(set.id).await.unwrap(), Some(set.clone()));
    assert!(tx.commit_set(set.id, 2, &manifest, at(9)).await.unwrap());
    let committed = tx.set(set.id).await.unwrap().unwrap();
    assert_eq!(
        tx.set_head(set.id).await.unwrap(),
        Some(BackupSet { manifest: None, ..committed.clone() }),
        "the head leaves the manifest out"
    );
    assert_eq!((committed.state, committed.closed_at, committed.manifest.as_ref()), (SetState::Committed, Some(at(9)), Some(&manifest)));
    assert!(!tx.commit_set(set.id, 2, &manifest, at(10)).await.unwrap(), "committed twice");
    let heads = tx.sets_in(SetState::Committed, at(10), 9).await.unwrap();
    assert_eq!(heads, [BackupSet { manifest: None, ..committed }], "a list of sets does not weigh what the backups do");
}

async fn a_set_moves_only_from_where_the_caller_believes_it(bed: Bed) {
    let mut tx = bed.begin().await;
    let item = stored_item(&mut *tx, "v1").await;
    let set = tx.open_set(&set(&item, "slot")).await.unwrap();
    tx.put_chunk(set.id, 1, &chunk(0, 0)).await.unwrap();
    assert!(!tx.move_set(set.id, &[], SetState::Collecting, at(9)).await.unwrap());
    assert!(!tx.move_set(set.id, &[SetState::Committed, SetState::Aborted], SetState::Collecting, at(9)).await.unwrap());
    assert!(matches!(tx.remove_set(set.id).await, Err(StoreError::Missing(_))), "only what is being collected may go");
    assert!(tx.move_set(set.id, &[SetState::Aborted, SetState::Open], SetState::Aborted, at(9)).await.unwrap());
    assert_eq!(tx.set(set.id).await.unwrap().unwrap().closed_at, Some(at(9)));
    assert!(tx.move_set(set.id, &[SetState::Aborted], SetState::Collecting, at(10)).await.unwrap());
    tx.remove_set(set.id).await.unwrap();
    assert_eq!(tx.set(set.id).await.unwrap(), None);
    assert_eq!(tx.ledger(set.id, 1).await.unwrap(), [], "the ledger goes with its set");
}

async fn sets_are_found_by_state_and_age(bed: Bed) {
    let mut tx = bed.begin().await;
    let item = stored_item(&mut *tx, "v1").await;
    let mut ids = Vec::new();
    for n in 0..3 {
        let mut set = set(&item, &n.to_string());
        set.opened_at = at(100 - n);
        ids.push(tx.open_set(&set).await.unwrap().id);
    }
    let found = async |tx: &mut dyn rsvault_domain::ports::Tx, state, before, limit| {
        tx.sets_in(state, before, limit).await.unwrap().iter().map(|s| s.id).collect::<Vec<_>>()
    };
    assert_eq!(found(&mut *tx, SetState::Open, at(100), 9).await, [ids[2], ids[1]]);
    assert_eq!(found(&mut *tx, SetState::Open, at(101), 1).await, [ids[2]]);
    tx.move_set(ids[0], &[SetState::Open], SetState::Aborted, at(200)).await.unwrap();
    assert_eq!(found(&mut *tx, SetState::Aborted, at(200), 9).await, []);
    assert_eq!(found(&mut *tx, SetState::Aborted, at(201), 9).await, [ids[0]]);
}

async fn a_deleted_item_leaves_its_sets_to_the_collector(bed: Bed) {
    let mut tx = bed.begin().await;
    let item = stored_item(&mut *tx, "v1").await;
    let open = tx.open_set(&set(&item, "open")).await.unwrap();
    let done = tx.open_set(&set(&item, "done")).await.unwrap();
    tx.commit_set(done.id, 1, &manifest(&done), at(6)).await.unwrap();
    tx.insert_point(&point(&done, "100000000000001", BackupKind::Full, 6)).await.unwrap();
    assert!(tx.delete_item(item.id, at(9)).await.unwrap());
    assert!(!tx.delete_item(item.id, at(9)).await.unwrap());
    for set in [open.id, done.id] {
        let left = tx.set(set).await.unwrap().unwrap();
        assert_eq!((left.state, left.closed_at), (SetState::Aborted, Some(at(9))));
        assert_eq!(tx.point_of_set(set).await.unwrap(), None);
    }
}

async fn points_come_newest_first_page_by_page(bed: Bed) {
    let mut tx = bed.begin().await;
    let item = stored_item(&mut *tx, "v1").await;
    assert_eq!(tx.point_summary(item.id).await.unwrap(), PointSummary::default());
    let mut points: Vec<RecoveryPoint> = Vec::new();
    // Two share a moment: their names decide.
    for (n, seconds) in [(1, 10), (2, 20), (3, 20), (4, 30)] {
        let set = tx.open_set(&set(&item, &n.to_string())).await.unwrap();
        let kind = if n == 1 { BackupKind::Full } else { BackupKind::CopyOnlyFull };
        let point = point(&set, &format!("90000000000000{n}"), kind, seconds);
        tx.insert_point(&point).await.unwrap();
        assert_eq!(tx.point_of_set(set.id).await.unwrap().as_ref(), Some(&point));
        points.insert(0, point);
    }
    assert!(matches!(tx.insert_point(&points[0]).await, Err(StoreError::Exists(_))));
    assert_eq!(tx.point(item.id, &points[0].name).await.unwrap().as_ref(), Some(&points[0]));
    assert_eq!(tx.point(item.id, &RecoveryPointName("1".into())).await.unwrap(), None);
    let mut page = Page { after: None, limit: 1 };
    let mut seen = Vec::new();
    loop {
        let slice = tx.points(item.id, &PointFilter::default(), &page).await.unwrap();
        assert!(slice.items.len() <= 1);
        seen.extend(slice.items);
        page.after = slice.next;
        if page.after.is_none() {
            break;
        }
    }
    assert_eq!(seen, points);
    let bounded = tx
        .points(item.id, &PointFilter { from: Some(at(20)), to: Some(at(20)), ..PointFilter::default() }, &Page::default())
        .await
        .unwrap();
    assert_eq!((bounded.items, bounded.next), (points[1..3].to_vec(), None), "both bounds count");
    let summary = PointSummary { count: 4, oldest: Some(at(10)), newest: Some(at(30)), fulls: 1 };
    assert_eq!(tx.point_summary(item.id).await.unwrap(), summary);
}
