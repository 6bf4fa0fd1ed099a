//! Slots of a schedule, auto-heal and missed backups (rulebook 3.7, 6.3, 7), against a scripted agent.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "tests")]

mod support;

use jiff::{SignedDuration, Timestamp};
use rsvault_domain::alert::{Alert, AlertKind};
use rsvault_domain::backup::{BackupKind, Lsn, RecoveryModel};
use rsvault_domain::fault::{JobFault, codes};
use rsvault_domain::job::{Job, JobKind, JobStatus};
use rsvault_domain::policy::{PolicySpec, Schedule};
use rsvault_domain::ports::{JobFilter, Page};
use rsvault_domain::protection::ItemState;
use rsvault_domain::work::{CommandWork, Slot};
use rsvault_engine::agents::{self, SlotOffer, SlotVerdict};
use rsvault_engine::{backups, discovery, jobs, policies, protection, reconcile};
use support::{TestBox, caller, item_path, vault_path};

/// `salesdb` under HourlyLogBackup: full daily at 10:00, logs on the hour; protected at 10:00:01.
async fn protected() -> TestBox {
    let t = TestBox::new().await;
    t.clock.advance(SignedDuration::from_secs(1));
    t.protected().await;
    t
}
fn at(hour: i64) -> Timestamp {
    "2026-11-25T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(hour)
}
fn go_to(t: &TestBox, hour: i64) {
    use rsvault_domain::ports::Clock;
    t.clock.advance(at(hour).duration_since(t.clock.now()));
}
async fn log(t: &TestBox, hour: i64) -> SlotVerdict {
    go_to(t, hour);
    t.slot(BackupKind::Log, at(hour)).await
}
/// Protected, with the first full taken by the log slot of 11:00.
async fn with_full() -> TestBox {
    let t = protected().await;
    assert_eq!(kind_of(&log(&t, 11).await), Some(BackupKind::Full));
    t
}
/// The command of a log slot, leased and not run.
async fn leased_log(t: &TestBox, hour: i64) -> Box<agents::LeasedCommand> {
    let offer = SlotOffer { item: t.item().await.id, slot: Slot { kind: BackupKind::Log, at: at(hour) } };
    match agents::slot(&t.engine, &t.agent, offer).await.unwrap() {
        SlotVerdict::Run(leased) => leased,
        other => panic!("not run: {other:?}"),
    }
}
/// As if a restore had put another database in its place.
async fn overwritten(t: &TestBox) {
    let mut tx = t.plain_store.begin().await.unwrap();
    let mut item = t.item().await;
    item.track.needs_full = Some(codes::AFTER_RESTORE.into());
    tx.update_item(&item).await.unwrap();
    tx.commit().await.unwrap();
}
fn kind_of(verdict: &SlotVerdict) -> Option<BackupKind> {
    match verdict {
        SlotVerdict::Run(leased) => match leased.command.work {
            CommandWork::Backup { kind, .. } => Some(kind),
            _ => None,
        },
        _ => None,
    }
}
fn code_of(verdict: &SlotVerdict) -> &str {
    match verdict {
        SlotVerdict::Refused(fault) => &fault.code,
        other => panic!("not refused: {other:?}"),
    }
}
async fn jobs_of(t: &TestBox) -> Vec<Job> {
    jobs::list(&t.engine, &vault_path(), &JobFilter { family: Some("Backup".into()), ..Default::default() }, &Page::default())
        .await
        .unwrap()
        .1
        .items
}
async fn alerts_of(t: &TestBox, active: bool) -> Vec<Alert> {
    let vault = t.item().await.vault_id;
    t.plain_store.read().await.unwrap().alerts(vault, active, &Page::default()).await.unwrap().items
}
async fn kinds_stored(t: &TestBox) -> Vec<BackupKind> {
    let item = t.item().await.id;
    t.plain_store.read().await.unwrap().marks(item).await.unwrap().iter().map(|m| m.link.kind).collect()
}

#[tokio::test]
async fn a_log_slot_before_the_first_full_becomes_that_full_and_its_job_is_nobodys_request() {
    let t = with_full().await;
    assert_eq!(t.item().await.state, ItemState::Protected);
    let jobs = jobs_of(&t).await;
    assert_eq!(jobs.len(), 1);
    assert_eq!((jobs[0].kind, jobs[0].status, jobs[0].user_triggered), (JobKind::Backup(BackupKind::Full), JobStatus::Completed, false));
}

#[tokio::test]
async fn a_slot_runs_once_however_often_it_is_offered() {
    let t = with_full().await;
    assert_eq!(kind_of(&log(&t, 12).await), Some(BackupKind::Log));
    for _ in 0..3 {
        assert!(matches!(t.slot(BackupKind::Log, at(12)).await, SlotVerdict::Done));
        assert!(matches!(t.slot(BackupKind::Log, at(11)).await, SlotVerdict::Done), "older slots were merged");
    }
    assert_eq!(kinds_stored(&t).await, [BackupKind::Full, BackupKind::Log]);
}

#[tokio::test]
async fn a_scheduled_log_has_no_job_and_its_point_expires_as_the_policy_says() {
    let t = with_full().await;
    log(&t, 12).await;
    assert_eq!(jobs_of(&t).await.len(), 1, "the full's alone");
    let item = t.item().await;
    let marks = t.plain_store.read().await.unwrap().marks(item.id).await.unwrap();
    assert!(marks.iter().all(|m| m.expires_at == Some(m.link.time + SignedDuration::from_hours(24 * 30))), "{marks:?}");
    assert_eq!(item.last_backup.unwrap().fault, None);
    assert_eq!(item.reap_at, marks.iter().filter_map(|m| m.expires_at).min());
}

#[tokio::test]
async fn a_server_whose_clock_was_set_back_does_not_shorten_retention() {
    let t = with_full().await;
    go_to(&t, 12);
    let leased = leased_log(&t, 12).await;
    t.database.lock().unwrap().clock_back = SignedDuration::from_hours(24 * 20);
    t.back_up_as(BackupKind::Log, leased.command.id, 1, 1).await.unwrap();
    let item = t.item().await.id;
    let log = t.plain_store.read().await.unwrap().latest_point(item, BackupKind::Log).await.unwrap().unwrap();
    assert_eq!(log.expires_at, Some(at(12) + SignedDuration::from_hours(24 * 30)));
}

#[tokio::test]
async fn a_run_that_was_lost_with_its_agent_is_leased_again_at_a_higher_generation() {
    let t = with_full().await;
    go_to(&t, 12);
    let offer = SlotOffer { item: t.item().await.id, slot: Slot { kind: BackupKind::Log, at: at(12) } };
    let SlotVerdict::Run(first) = agents::slot(&t.engine, &t.agent, offer).await.unwrap() else { panic!() };
    let SlotVerdict::Run(second) = agents::slot(&t.engine, &t.agent, offer).await.unwrap() else { panic!() };
    assert_eq!(first.command.id, second.command.id);
    assert_eq!((first.command.generation, second.command.generation), (1, 2));
    assert!(t.back_up_as(BackupKind::Log, first.command.id, 1, 1).await.is_err(), "the older lease is fenced");
    t.back_up_as(BackupKind::Log, second.command.id, 2, 1).await.unwrap();
    assert!(matches!(agents::slot(&t.engine, &t.agent, offer).await.unwrap(), SlotVerdict::Done));
}

#[tokio::test]
async fn a_slot_that_the_policy_does_not_have_is_forgotten_and_one_to_come_is_refused() {
    let t = protected().await;
    go_to(&t, 12);
    let item = t.item().await.id;
    let offer = |kind, at| SlotOffer { item, slot: Slot { kind, at } };
    let odd = offer(BackupKind::Log, at(11) + SignedDuration::from_mins(7));
    assert!(matches!(agents::slot(&t.engine, &t.agent, odd).await.unwrap(), SlotVerdict::Done));
    let none = offer(BackupKind::Differential, at(12));
    assert!(matches!(agents::slot(&t.engine, &t.agent, none).await.unwrap(), SlotVerdict::Done));
    let before = offer(BackupKind::Log, at(9));
    assert!(matches!(agents::slot(&t.engine, &t.agent, before).await.unwrap(), SlotVerdict::Done), "before it was protected");
    let fault = agents::slot(&t.engine, &t.agent, offer(BackupKind::Log, at(13))).await.unwrap_err();
    assert_eq!(fault.code, "SlotNotDue");
}

#[tokio::test]
async fn a_foreign_log_backup_fails_the_scheduled_run_and_a_full_mends_the_chain() {
    let t = with_full().await;
    log(&t, 12).await;
    // Another product takes the log of half an hour.
    t.database.lock().unwrap().log_from = Some(Lsn((at(12).as_second() + 1800) as u128));
    log(&t, 13).await;
    let item = t.item().await;
    assert_eq!(item.track.needs_full.as_deref(), Some(codes::LSN));
    assert_eq!(item.last_backup.unwrap().fault.unwrap().code, codes::LSN);
    t.play().await;
    assert_eq!(kinds_stored(&t).await, [BackupKind::Full, BackupKind::Log, BackupKind::Full], "the log that does not fit is no point");
    assert_eq!(t.item().await.track.needs_full, None);
    let alerts = alerts_of(&t, true).await;
    assert_eq!((alerts.len(), alerts[0].kind, alerts[0].code.as_deref()), (1, AlertKind::BackupFailure, Some(codes::LSN)));
    assert_eq!(kind_of(&log(&t, 14).await), Some(BackupKind::Log));
    assert_eq!(kinds_stored(&t).await.len(), 4);
}

#[tokio::test]
async fn a_remedial_full_cannot_be_cancelled_and_others_wait_for_it() {
    let t = protected().await;
    go_to(&t, 11);
    let leased = leased_log(&t, 11).await;
    let fault = jobs::cancel(&t.engine, &caller(), &vault_path(), leased.command.job_id.unwrap()).await.unwrap_err();
    assert_eq!(fault.code, "UserErrorJobNotCancellable");
    assert_eq!(code_of(&log(&t, 12).await), codes::REMEDIAL_RUNS);
    t.full().await;
    assert_eq!(jobs_of(&t).await.iter().filter(|j| j.status == JobStatus::Failed).count(), 1, "the one on demand failed");
}

#[tokio::test]
async fn what_an_upgrade_of_the_agent_cancelled_runs_again_but_not_for_ever() {
    let t = with_full().await;
    go_to(&t, 12);
    let leased = leased_log(&t, 12).await;
    let mut open = Some(leased.command);
    let mut begun = 0;
    while let Some(command) = open {
        begun += 1;
        assert!(matches!(command.work, CommandWork::Backup { kind: BackupKind::Log, .. }), "{command:?}");
        let upgraded = agents::Outcome::Failed(JobFault::catalogue(codes::UPGRADED, ""));
        agents::finish(&t.engine, &t.agent, command.id, command.generation, &upgraded).await.unwrap();
        open = agents::next_command(&t.engine, &t.agent, "test", std::time::Duration::ZERO).await.unwrap().map(|l| l.command);
    }
    assert_eq!(begun, 4);
}

#[tokio::test]
async fn a_log_on_demand_without_a_full_fails_and_nothing_follows() {
    let t = protected().await;
    for kind in [BackupKind::Log, BackupKind::Differential] {
        let request = backups::BackupRequest { kind, compress: None, expires_at: None };
        backups::trigger(&t.engine, &caller(), &item_path(), &request).await.unwrap();
    }
    t.play().await;
    let jobs = jobs_of(&t).await;
    assert!(jobs.iter().all(|j| j.status == JobStatus::Failed && j.faults[0].code == codes::NO_FULL && j.user_triggered), "{jobs:?}");
    assert_eq!(jobs.len(), 2);
    assert!(kinds_stored(&t).await.is_empty());
}

#[tokio::test]
async fn after_an_overwrite_the_next_log_fails_and_a_full_is_taken() {
    let t = with_full().await;
    overwritten(&t).await;
    assert_eq!(kind_of(&log(&t, 12).await), Some(BackupKind::Full));
    assert_eq!(alerts_of(&t, true).await[0].code.as_deref(), Some(codes::AFTER_RESTORE));
    assert_eq!(kinds_stored(&t).await, [BackupKind::Full, BackupKind::Full]);
    assert_eq!(kind_of(&log(&t, 13).await), Some(BackupKind::Log));
}

#[tokio::test]
async fn a_full_older_than_15_days_makes_the_next_log_a_full() {
    let t = with_full().await;
    assert_eq!(kind_of(&log(&t, 11 + 15 * 24).await), Some(BackupKind::Log), "of exactly 15 days");
    assert_eq!(kind_of(&log(&t, 12 + 15 * 24).await), Some(BackupKind::Full));
}

#[tokio::test]
async fn logs_of_the_simple_model_are_skipped_with_one_warning() {
    let t = with_full().await;
    t.database.lock().unwrap().model = RecoveryModel::Simple;
    t.full().await;
    t.play().await;
    for hour in 12..15 {
        assert_eq!(code_of(&log(&t, hour).await), codes::UNSUPPORTED_TYPE);
    }
    let alerts = alerts_of(&t, true).await;
    assert_eq!((alerts.len(), alerts[0].kind), (1, AlertKind::UnsupportedBackupType));
    // Back in the full model the log was cut: a full comes first.
    t.database.lock().unwrap().model = RecoveryModel::Full;
    t.full().await;
    t.play().await;
    assert_eq!(kind_of(&log(&t, 15).await), Some(BackupKind::Log));
}

#[tokio::test]
async fn one_log_at_a_time_while_a_full_may_overlap() {
    let t = with_full().await;
    go_to(&t, 12);
    let first = SlotOffer { item: t.item().await.id, slot: Slot { kind: BackupKind::Log, at: at(12) } };
    let SlotVerdict::Run(leased) = agents::slot(&t.engine, &t.agent, first).await.unwrap() else { panic!() };
    t.full().await;
    assert_eq!(code_of(&log(&t, 13).await), "OperationCancelledBecauseConflictingOperationRunningUserError");
    t.back_up_as(BackupKind::Log, leased.command.id, 1, 1).await.unwrap();
    t.play().await;
    assert_eq!(kinds_stored(&t).await.iter().filter(|k| **k == BackupKind::Full).count(), 2);
}

#[tokio::test]
async fn a_slot_that_nobody_offers_is_missed_until_the_kind_runs_again() {
    let t = with_full().await;
    go_to(&t, 12);
    reconcile::round(&t.engine).await.unwrap();
    assert!(t.item().await.track.missed.is_empty(), "it may come late");
    t.clock.advance(SignedDuration::from_mins(15));
    reconcile::round(&t.engine).await.unwrap();
    let missed = t.item().await.track.missed;
    assert_eq!(missed.iter().map(|m| (m.kind, m.slot)).collect::<Vec<_>>(), [(BackupKind::Log, at(12))]);
    go_to(&t, 15);
    t.clock.advance(SignedDuration::from_mins(30));
    reconcile::round(&t.engine).await.unwrap();
    assert_eq!(t.item().await.track.missed.len(), 1, "a row of missed slots is one finding");
    let kinds: Vec<_> = alerts_of(&t, true).await.iter().map(|a| a.kind).collect();
    assert_eq!(kinds.iter().filter(|k| **k == AlertKind::BackupMissed).count(), 1, "{kinds:?}");
    assert!(kinds.contains(&AlertKind::WorkloadExtensionUnhealthy), "{kinds:?}");
    t.slot(BackupKind::Log, at(15)).await;
    assert!(t.item().await.track.missed.is_empty());
    assert!(alerts_of(&t, true).await.iter().all(|a| a.kind != AlertKind::BackupMissed));
}

#[tokio::test]
async fn a_schedule_is_given_anew_only_when_it_changed_and_what_is_on_disk_is_noted() {
    let t = protected().await;
    let wait = std::time::Duration::ZERO;
    let first = agents::next_schedule(&t.engine, &t.agent, None, wait).await.unwrap().unwrap();
    assert_eq!(first.items.len(), 1);
    assert_eq!(first.items[0].timetable.log_interval_minutes, Some(60));
    assert!(agents::next_schedule(&t.engine, &t.agent, Some(&first.revision), wait).await.unwrap().is_none());
    let known = t.plain_store.read().await.unwrap().agent(t.agent.id).await.unwrap().unwrap();
    assert_eq!(known.schedule_revision, Some(first.revision.clone()));
    let facts = protection::schedule(&t.engine, &item_path()).await.unwrap();
    assert_eq!(facts.acknowledged_at, known.schedule_acked_at);
    let next: Vec<_> = facts.kinds.iter().map(|k| (k.kind, k.next)).collect();
    assert_eq!(next, [(BackupKind::Full, Some(at(34))), (BackupKind::Log, Some(at(11)))], "10:00 of today has passed");
    protection::put(&t.engine, &caller(), &item_path(), &protection::Change::Stop).await.unwrap();
    t.settle().await;
    let stopped = agents::next_schedule(&t.engine, &t.agent, Some(&first.revision), wait).await.unwrap().unwrap();
    assert!(stopped.items.is_empty());
    let facts = protection::schedule(&t.engine, &item_path()).await.unwrap();
    assert_eq!((facts.acknowledged_at, facts.kinds.len()), (None, 0), "the agent has not said yet that it knows");
    assert_ne!(stopped.revision, first.revision);
}

#[tokio::test]
async fn a_missed_slot_is_noticed_at_any_interval_though_newer_ones_are_due() {
    let t = with_full().await;
    let mut tx = t.plain_store.begin().await.unwrap();
    let mut policy = tx.policy_by_id(t.item().await.policy_id.unwrap()).await.unwrap().unwrap();
    let PolicySpec::Sql(sql) = &mut policy.spec else { panic!() };
    sql.sub_policies[1].schedule = Some(Schedule::Log { interval_minutes: 15 });
    tx.put_policy(&policy).await.unwrap();
    tx.commit().await.unwrap();
    log(&t, 12).await;
    for quarter in 1..=2 {
        t.clock.advance(SignedDuration::from_mins(15));
        reconcile::round(&t.engine).await.unwrap();
        assert_eq!(t.item().await.track.missed.len(), quarter - 1, "12:15 is late at 12:30");
    }
}

#[tokio::test]
async fn what_is_stopped_misses_nothing() {
    let t = with_full().await;
    go_to(&t, 13);
    reconcile::round(&t.engine).await.unwrap();
    assert_eq!(t.item().await.track.missed.len(), 1);
    protection::put(&t.engine, &caller(), &item_path(), &protection::Change::Stop).await.unwrap();
    t.settle().await;
    let item = t.item().await;
    assert!(item.track.missed.is_empty() && item.watch_at.is_none(), "{item:?}");
    assert!(alerts_of(&t, true).await.iter().all(|a| a.kind != AlertKind::BackupMissed));
}

#[tokio::test]
async fn deleting_an_item_ends_its_running_log_backup_though_that_has_no_job() {
    let t = with_full().await;
    go_to(&t, 12);
    let leased = leased_log(&t, 12).await;
    protection::delete(&t.engine, &caller(), &item_path()).await.unwrap();
    t.settle().await;
    assert!(t.back_up_as(BackupKind::Log, leased.command.id, 1, 1).await.is_err(), "a deleted item takes no further points");
    assert_eq!(kinds_stored(&t).await, [BackupKind::Full]);
    assert!(t.plain_store.read().await.unwrap().open_commands(t.server.id).await.unwrap().is_empty());
}

#[tokio::test]
async fn after_an_overwrite_no_full_begins_beside_one_that_runs() {
    let t = with_full().await;
    overwritten(&t).await;
    go_to(&t, 12);
    t.full().await;
    assert_eq!(code_of(&log(&t, 12).await), "OperationCancelledBecauseConflictingOperationRunningUserError");
    t.play().await;
    assert_eq!(kinds_stored(&t).await, [BackupKind::Full, BackupKind::Full]);
    assert!(alerts_of(&t, true).await.is_empty(), "the full that runs is the cure");
}

/// The hourly policy with nothing but its full.
async fn policy_without_logs(t: &TestBox) {
    let policy = t.plain_store.read().await.unwrap().policy_by_id(t.item().await.policy_id.unwrap()).await.unwrap().unwrap();
    let PolicySpec::Sql(mut sql) = policy.spec else { panic!() };
    sql.sub_policies.truncate(1);
    policies::put(&t.engine, &caller(), &vault_path(), &policy.name, sql, false).await.unwrap();
    t.settle().await;
}

#[tokio::test]
async fn what_the_policy_does_not_ask_for_any_more_is_neither_missed_nor_warned_of() {
    let t = with_full().await;
    go_to(&t, 13);
    reconcile::round(&t.engine).await.unwrap();
    assert_eq!(t.item().await.track.missed.len(), 1);
    t.database.lock().unwrap().model = RecoveryModel::Simple;
    t.full().await;
    t.play().await;
    let mut tx = t.plain_store.begin().await.unwrap();
    let mut item = t.item().await;
    item.track.unsupported = vec![BackupKind::Log];
    tx.update_item(&item).await.unwrap();
    tx.commit().await.unwrap();
    policy_without_logs(&t).await;
    let track = t.item().await.track;
    assert!(track.missed.is_empty() && track.unsupported.is_empty(), "{track:?}");
    assert!(alerts_of(&t, true).await.iter().all(|a| a.kind != AlertKind::BackupMissed));
}

#[tokio::test]
async fn the_warning_of_an_unsupported_kind_is_over_when_the_database_can_do_it_again() {
    let t = with_full().await;
    t.database.lock().unwrap().model = RecoveryModel::Simple;
    t.full().await;
    t.play().await;
    assert_eq!(code_of(&log(&t, 12).await), codes::UNSUPPORTED_TYPE);
    assert_eq!(alerts_of(&t, true).await[0].kind, AlertKind::UnsupportedBackupType);
    t.database.lock().unwrap().model = RecoveryModel::Full;
    t.full().await;
    t.play().await;
    assert_eq!(kind_of(&log(&t, 13).await), Some(BackupKind::Log));
    assert!(alerts_of(&t, true).await.is_empty());
    assert!(t.item().await.track.unsupported.is_empty());
}

async fn unhealthy(t: &TestBox) -> usize {
    alerts_of(t, true).await.iter().filter(|a| a.kind == AlertKind::WorkloadExtensionUnhealthy).count()
}

#[tokio::test]
async fn an_agent_that_is_heard_of_again_is_inquired_at_once_and_its_alert_is_over() {
    let t = with_full().await;
    go_to(&t, 13);
    reconcile::round(&t.engine).await.unwrap();
    assert_eq!(unhealthy(&t).await, 1);
    let healthy = async || discovery::get(&t.engine, &vault_path(), &support::container_name()).await.unwrap().container.healthy;
    assert!(!healthy().await);
    t.play().await;
    t.settle().await;
    t.play().await;
    assert!(healthy().await, "the vault has asked it");
    assert_eq!(unhealthy(&t).await, 0);
}

#[tokio::test]
async fn a_silent_agent_is_an_alert_also_if_an_inquiry_failed_before() {
    let t = with_full().await;
    go_to(&t, 19);
    reconcile::discover(&t.engine).await.unwrap();
    t.clock.advance(SignedDuration::from_mins(3));
    reconcile::leases(&t.engine).await.unwrap();
    t.clock.advance(SignedDuration::from_mins(60));
    reconcile::round(&t.engine).await.unwrap();
    assert_eq!(unhealthy(&t).await, 1);
    t.clock.advance(SignedDuration::from_hours(24));
    reconcile::round(&t.engine).await.unwrap();
    assert_eq!(unhealthy(&t).await, 1, "one a server");
}

#[tokio::test]
async fn a_log_that_goes_on_where_the_last_ended_is_kept_though_the_server_set_its_clock_back() {
    let t = with_full().await;
    log(&t, 12).await;
    t.database.lock().unwrap().clock_back = SignedDuration::from_hours(10);
    for hour in 13..17 {
        assert_eq!(kind_of(&log(&t, hour).await), Some(BackupKind::Log));
    }
    assert_eq!(t.item().await.track.needs_full, None);
    assert_eq!(kinds_stored(&t).await.iter().filter(|k| **k == BackupKind::Log).count(), 5);
}
