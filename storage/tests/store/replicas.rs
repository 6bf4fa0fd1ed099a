//! Replicas, and what of an item the secondary region shows.

use crate::bed::Bed;
use crate::on_both;
use crate::sample::{at, chunk, id, item, manifest, point, set, stored_item};
use rsvault_domain::backup::{BackupKind, Replica, ReplicaState};
use rsvault_domain::id::SetId;
use rsvault_domain::ports::{Page, PointFilter, PointSummary, Tx};
use rsvault_domain::protection::ProtectedItem;

on_both!(
    a_replica_is_noted_once_and_rewritten_whole,
    what_a_start_takes_up_is_paged_and_nothing_settled_is_among_it,
    a_ledger_is_read_from_a_place_on,
    the_secondary_shows_what_has_arrived_and_still_has_its_point,
);

/// A committed set of the item with its point, of this kind, this many seconds in.
async fn committed(tx: &mut dyn Tx, item: &ProtectedItem, kind: BackupKind, seconds: i64) -> SetId {
    let set = tx.open_set(&set(item, &format!("{kind:?}{seconds}"))).await.unwrap();
    assert!(tx.commit_set(set.id, 1, &manifest(&set), at(seconds)).await.unwrap());
    tx.insert_point(&point(&set, &format!("{:015}", 100_000_000_000_000 + seconds), kind, seconds)).await.unwrap();
    set.id
}

async fn held(tx: &mut dyn Tx, item: &ProtectedItem, set: SetId, seconds: i64) {
    let mut replica = Replica::pending(set, item.vault_id, item.id);
    replica.hold(at(seconds), jiff::SignedDuration::ZERO, at(seconds));
    assert!(tx.put_replica(&replica).await.unwrap());
}

async fn a_replica_is_noted_once_and_rewritten_whole(bed: Bed) {
    let mut tx = bed.begin().await;
    let mut replica = Replica::pending(id(), id(), id());
    assert!(tx.put_replica(&replica).await.unwrap());
    assert!(!tx.put_replica(&Replica { next: (7, 7), ..replica.clone() }).await.unwrap());
    assert_eq!(tx.replica(replica.set_id).await.unwrap(), Some(replica.clone()));
    for state in [ReplicaState::Held, ReplicaState::Doomed, ReplicaState::Broken, ReplicaState::Pending] {
        replica = Replica { state, next: (3, u32::MAX), visible_at: Some(at(1)), ..replica };
        tx.update_replica(&replica).await.unwrap();
        assert_eq!(tx.replica(replica.set_id).await.unwrap(), Some(replica.clone()));
    }
    tx.remove_replica(replica.set_id).await.unwrap();
    assert_eq!(tx.replica(replica.set_id).await.unwrap(), None);
    assert!(tx.update_replica(&replica).await.is_err());
    tx.remove_replica(replica.set_id).await.unwrap();
}

async fn what_a_start_takes_up_is_paged_and_nothing_settled_is_among_it(bed: Bed) {
    let mut tx = bed.begin().await;
    let mut wanted = Vec::new();
    for n in 0..8u32 {
        let mut replica = Replica::pending(id(), id(), id());
        match n % 4 {
            0 => {}
            1 => replica.doom(),
            2 => replica.hold(at(0), jiff::SignedDuration::ZERO, at(0)),
            _ => replica.state = ReplicaState::Broken,
        }
        tx.put_replica(&replica).await.unwrap();
        if n % 4 < 2 {
            wanted.push(replica.set_id);
        }
    }
    wanted.sort();
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = tx.unsettled_replicas(after, 3).await.unwrap();
        after = page.last().map(|r| r.set_id);
        found.extend(page.iter().map(|r| r.set_id));
        if page.len() < 3 {
            break;
        }
    }
    assert_eq!(found, wanted);
}

async fn a_ledger_is_read_from_a_place_on(bed: Bed) {
    let mut tx = bed.begin().await;
    let item = stored_item(tx.as_mut(), "v1").await;
    let set = tx.open_set(&set(&item, "slot")).await.unwrap();
    for (stream, seq) in [(0, 0), (0, 1), (0, 2), (1, 0), (2, 0), (2, 1)] {
        tx.put_chunk(set.id, 1, &chunk(stream, seq)).await.unwrap();
    }
    tx.put_chunk(set.id, 2, &chunk(0, 0)).await.unwrap();
    let mut read = async |from, limit| {
        let rows = tx.ledger_from(set.id, 1, from, limit).await.unwrap();
        rows.iter().map(|row| (row.stream, row.seq)).collect::<Vec<_>>()
    };
    assert_eq!(read((0, 0), 4).await, [(0, 0), (0, 1), (0, 2), (1, 0)]);
    assert_eq!(read((0, 3), 9).await, [(1, 0), (2, 0), (2, 1)]);
    assert_eq!(read((2, 2), 9).await, []);
}

async fn the_secondary_shows_what_has_arrived_and_still_has_its_point(bed: Bed) {
    let mut tx = bed.begin().await;
    let shown = stored_item(tx.as_mut(), "v1").await;
    let container = tx.container_by_id(shown.container_id).await.unwrap().unwrap();
    // Another item, of which nothing has arrived.
    let waiting = ProtectedItem { created_at: at(9), ..item(&container, "Waiting") };
    tx.insert_item(&waiting).await.unwrap();
    let first = committed(tx.as_mut(), &shown, BackupKind::Full, 10).await;
    let log = committed(tx.as_mut(), &shown, BackupKind::Log, 20).await;
    let second = committed(tx.as_mut(), &shown, BackupKind::Differential, 30).await;
    let late = committed(tx.as_mut(), &shown, BackupKind::CopyOnlyFull, 40).await;
    let unsent = committed(tx.as_mut(), &waiting, BackupKind::Full, 50).await;
    assert_eq!(tx.unreplicated(shown.id, 3).await.unwrap(), [first, log, second]);
    for (set, seconds) in [(first, 100), (log, 100), (second, 100), (late, 500)] {
        held(tx.as_mut(), &shown, set, seconds).await;
    }
    tx.put_replica(&Replica::pending(unsent, waiting.vault_id, waiting.id)).await.unwrap();
    assert_eq!(tx.unreplicated(shown.id, 3).await.unwrap(), []);

    let (all, page) = (PointFilter::default(), Page::default());
    for (now, points, marks) in [(99, vec![], vec![]), (100, vec![second, first], vec![first, log, second])] {
        let items = tx.visible_items(shown.vault_id, at(now), &page).await.unwrap().items;
        assert_eq!(items, if points.is_empty() { vec![] } else { vec![shown.clone()] });
        let seen = tx.visible_points(shown.id, &all, at(now), &page).await.unwrap();
        assert_eq!((seen.items.iter().map(|p| p.set_id).collect::<Vec<_>>(), seen.next), (points.clone(), None));
        let seen = tx.visible_marks(shown.id, at(now)).await.unwrap();
        assert_eq!(seen.iter().map(|m| m.link.set_id).collect::<Vec<_>>(), marks);
    }
    let summary = PointSummary { count: 2, oldest: Some(at(10)), newest: Some(at(30)), fulls: 1 };
    assert_eq!(tx.visible_summary(shown.id, at(100)).await.unwrap(), summary);
    assert_eq!(tx.visible_summary(waiting.id, at(100)).await.unwrap(), PointSummary::default());

    // Pages and filters, as in the primary.
    let one = Page { after: None, limit: 1 };
    let newest = tx.visible_points(shown.id, &all, at(500), &one).await.unwrap();
    let older = tx.visible_points(shown.id, &all, at(500), &Page { after: newest.next.clone(), limit: 1 }).await.unwrap();
    assert_eq!((newest.items[0].set_id, older.items[0].set_id), (late, second));
    let only = |kinds: Vec<BackupKind>, from, to| PointFilter { kinds, from, to };
    for (filter, want) in [
        (only(vec![BackupKind::Full], None, None), vec![first]),
        (only(vec![], Some(at(30)), None), vec![late, second]),
        (only(vec![], None, Some(at(30))), vec![second, first]),
    ] {
        let seen = tx.visible_points(shown.id, &filter, at(500), &page).await.unwrap().items;
        assert_eq!(seen.iter().map(|p| p.set_id).collect::<Vec<_>>(), want);
    }

    // A point that is gone is gone here too, whatever its replica says still.
    tx.delete_points(shown.id, &[second], at(600)).await.unwrap();
    let seen = tx.visible_points(shown.id, &all, at(600), &page).await.unwrap().items;
    assert_eq!(seen.iter().map(|p| p.set_id).collect::<Vec<_>>(), [late, first]);
}
