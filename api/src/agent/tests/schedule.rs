//! Schedules and slots as an agent sees them.

use super::*;
use rsvault_domain::backup::BackupKind;
use rsvault_domain::fault::JobFault;

impl World {
    async fn schedule(&self, have: Option<&str>) -> Option<ScheduleView> {
        let (status, _, body) = self.json("POST", "schedule", json!({"have": have, "waitSeconds": 0})).await;
        match status {
            StatusCode::OK => Some(serde_json::from_value(body).unwrap()),
            StatusCode::NO_CONTENT => None,
            other => panic!("{other} {body}"),
        }
    }
    async fn offer(&self, item: &ScheduledItemView, kind: &str, slot: jiff::Timestamp) -> SlotView {
        let body = json!({"itemId": item.item_id, "backup": kind, "slot": slot});
        let (status, _, body) = self.json("POST", "slots", body).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        serde_json::from_value(body).unwrap()
    }
    fn set_clock(&self, at: jiff::Timestamp) {
        self.app.clock.advance(at.duration_since(self.app.state.engine.clock.now()).as_secs());
    }
}

#[tokio::test]
async fn a_schedule_is_given_whole_when_it_differs_and_having_it_is_noted() {
    let world = World::new().await;
    let empty = world.schedule(None).await.unwrap();
    assert_eq!(empty.items, []);
    assert_eq!(world.schedule(Some(&empty.revision)).await, None);
    world.protect().await;
    let full = world.schedule(Some(&empty.revision)).await.unwrap();
    let item = &full.items[0];
    assert_eq!((full.items.len(), item.instance.as_str(), item.database.as_str()), (1, "MSSQLSERVER", "salesdb"));
    assert_eq!((item.timetable.log_interval_minutes, item.timetable.full.as_ref().unwrap().days.len()), (Some(60), 7));
    assert_eq!(world.schedule(Some(&full.revision)).await, None);
    let mut tx = world.app.state.engine.store.read().await.unwrap();
    assert_eq!(tx.agent_of(world.server).await.unwrap().unwrap().schedule_revision, Some(full.revision.clone()));
    drop(tx);
    // What no schedule has is answered with the one that there is; nonsense is refused.
    assert_eq!(world.schedule(Some("other")).await, Some(full));
    let (status, _, problem) = world.json("POST", "schedule", json!({"have": "x".repeat(1000)})).await;
    assert_eq!((status, &problem["field"]), (StatusCode::BAD_REQUEST, &json!("have")), "{problem}");
}

#[tokio::test]
async fn a_slot_is_leased_again_while_it_runs_and_done_once_it_has_ended() {
    let world = World::new().await;
    world.protect().await;
    let schedule = world.schedule(None).await.unwrap();
    let item = &schedule.items[0];
    let slot = item.timetable.next(BackupKind::Full, world.app.state.engine.clock.now()).unwrap();
    let (status, _, problem) = world.json("POST", "slots", json!({"itemId": item.item_id, "backup": "Full", "slot": slot})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("SlotNotDue")), "agents go by this code");
    world.set_clock(slot);
    assert_eq!(world.offer(item, "Full", slot - SignedDuration::from_mins(7)).await, SlotView::Done {}, "no slot of this policy");
    assert_eq!(world.offer(item, "Differential", slot).await, SlotView::Done {}, "no kind of this policy");
    let SlotView::Run { command: first } = world.offer(item, "Full", slot).await else { panic!("it is due") };
    assert!(matches!(&first.work, Work::Backup { database, backup: BackupKind::Full, .. } if database == "salesdb"));
    let SlotView::Run { command: second } = world.offer(item, "Full", slot).await else { panic!("it has not ended") };
    assert_eq!((second.id, second.generation), (first.id, first.generation + 1));
    assert_eq!(world.report(&first, Outcome::Cancelled {}).await.0, StatusCode::PRECONDITION_FAILED);
    let fault = JobFault::catalogue("UserErrorSQLPODoesNotExist", "");
    assert_eq!(world.report(&second, Outcome::Failed { fault }).await.0, StatusCode::OK);
    assert_eq!(world.offer(item, "Full", slot).await, SlotView::Done {});
    // Nothing of it was queued beside.
    let (status, _, _) = world.json("POST", "commands/next", json!({"waitSeconds": 0})).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn schedules_and_slots_are_the_enrolled_agents_alone() {
    let mut world = World::new().await;
    world.protect().await;
    let item = world.schedule(None).await.unwrap().items[0].clone();
    let slot = json!({"itemId": item.item_id, "backup": "Full", "slot": "2026-11-25T12:00:00Z"});
    let unknown = json!({"itemId": uuid::Uuid::new_v4(), "backup": "Full", "slot": "2026-11-25T12:00:00Z"});
    assert_eq!(world.json("POST", "slots", unknown).await.2, json!({"verdict": "done"}));
    for bad in [json!({}), json!({"itemId": item.item_id, "backup": "Fool", "slot": "2026-11-25T12:00:00Z"})] {
        assert_eq!(world.json("POST", "slots", bad).await.0, StatusCode::BAD_REQUEST);
    }
    world.bearer.clear();
    for (path, body) in [("schedule", json!({})), ("slots", slot)] {
        let (status, _, problem) = world.json("POST", path, body).await;
        assert_eq!((status, &problem["code"]), (StatusCode::UNAUTHORIZED, &json!("AgentCredentialsMissing")));
    }
}
