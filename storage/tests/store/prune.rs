//! Pruning: only what has ended goes, oldest first, so much at a time.

use crate::bed::Bed;
use crate::on_both;
use crate::sample::{at, command, id, job, manifest, operation, point, server, set, stored_item, vault};
use rsvault_domain::alert::{Alert, AlertKind};
use rsvault_domain::backup::{BackupKind, SetState};
use rsvault_domain::health::{HealthEvent, HealthMetric, HealthStatus};
use rsvault_domain::job::{JobKind, JobStatus};
use rsvault_domain::operation::Subject;
use rsvault_domain::ports::{Ended, JobFilter, Page, Tx};
use rsvault_domain::work::{AgentCommand, CommandState};

on_both!(a_committed_set_outlives_its_command, running_jobs_and_operations_are_never_pruned, old_health_events_and_alerts_go,);

async fn a_committed_set_outlives_its_command(bed: Bed) {
    let mut tx = bed.begin().await;
    let item = stored_item(&mut *tx, "v1").await;
    let host = tx.put_server(&server("vm9")).await.unwrap().id;
    let done = async |tx: &mut dyn Tx, seconds| {
        let command = AgentCommand { state: CommandState::Done, ..command(host, seconds) };
        tx.insert_command(&command).await.unwrap();
        command.id
    };
    let mut with_set = Vec::new();
    for (n, state) in [SetState::Open, SetState::Aborted, SetState::Committed, SetState::Collecting].into_iter().enumerate() {
        let id = done(&mut *tx, 0).await;
        let mut set = set(&item, &n.to_string());
        (set.command_id, set.state) = (id, state);
        let set = tx.open_set(&set).await.unwrap();
        with_set.push((id, set));
    }
    let committed = with_set[2].1.clone();
    tx.insert_point(&point(&committed, "100000000000001", BackupKind::Full, 6)).await.unwrap();
    let oldest = done(&mut *tx, -10).await;
    let young = done(&mut *tx, 100).await;
    let queued = command(host, -20);
    tx.insert_command(&queued).await.unwrap();
    let left = async |tx: &mut dyn Tx, ids: &[rsvault_domain::id::CommandId]| {
        let mut left = Vec::new();
        for id in ids {
            left.push(tx.command(*id).await.unwrap().is_some());
        }
        left
    };
    assert_eq!(tx.prune(Ended::Commands, at(100), 1).await.unwrap(), 1);
    assert_eq!(left(&mut *tx, &[oldest, with_set[2].0]).await, [false, true], "the oldest first");
    assert_eq!(tx.prune(Ended::Commands, at(100), 99).await.unwrap(), 2);
    assert_eq!(tx.prune(Ended::Commands, at(100), 99).await.unwrap(), 0);
    let ids: Vec<_> = with_set.iter().map(|(id, _)| *id).collect();
    assert_eq!(left(&mut *tx, &ids).await, [true, true, false, false]);
    assert_eq!(left(&mut *tx, &[young, queued.id]).await, [true, true], "what is young or has not ended stays");
    assert_eq!(tx.set(committed.id).await.unwrap(), Some(committed.clone()));
    assert!(tx.point_of_set(committed.id).await.unwrap().is_some());
    // Once the set is settled, its command may go.
    let (open, aborted) = (&with_set[0].1, &with_set[1].1);
    assert!(tx.commit_set(open.id, 1, &manifest(open), at(50)).await.unwrap());
    assert!(tx.move_set(aborted.id, &[SetState::Aborted], SetState::Collecting, at(50)).await.unwrap());
    tx.remove_set(aborted.id).await.unwrap();
    assert_eq!(tx.prune(Ended::Commands, at(100), 99).await.unwrap(), 2);
}

async fn running_jobs_and_operations_are_never_pruned(bed: Bed) {
    let mut tx = bed.begin().await;
    let vault = vault("v1");
    tx.insert_vault(&vault).await.unwrap();
    for ended in [Some(30), Some(10), Some(20), None] {
        let mut job = job(vault.id, JobKind::Register, ended.unwrap_or(0));
        let mut operation = operation(&vault, Subject::Vault);
        if let Some(ended) = ended {
            job.end(JobStatus::Completed, vec![], at(ended));
            operation.ended_at = Some(at(ended));
        }
        tx.insert_job(&job).await.unwrap();
        tx.insert_operation(&operation).await.unwrap();
    }
    let ends = async |tx: &mut dyn Tx| {
        let jobs = tx.jobs(vault.id, &JobFilter::default(), &Page::default()).await.unwrap().items;
        jobs.into_iter().map(|job| job.ended_at).collect::<Vec<_>>()
    };
    for what in [Ended::Jobs, Ended::Operations] {
        assert_eq!(tx.prune(what, at(10), 99).await.unwrap(), 0, "before, not at");
        assert_eq!(tx.prune(what, at(30), 1).await.unwrap(), 1);
        assert_eq!(tx.prune(what, at(30), 99).await.unwrap(), 1);
        assert_eq!(tx.prune(what, at(1_000), 0).await.unwrap(), 0);
    }
    assert_eq!(ends(&mut *tx).await, [Some(at(30)), None]);
    for what in [Ended::Jobs, Ended::Operations] {
        assert_eq!(tx.prune(what, at(1_000_000), 99).await.unwrap(), 1);
    }
    assert_eq!(ends(&mut *tx).await, [None]);
}

async fn old_health_events_and_alerts_go(bed: Bed) {
    let mut tx = bed.begin().await;
    let vault = vault("v1");
    tx.insert_vault(&vault).await.unwrap();
    for seconds in [20, 10, 30] {
        let event = HealthEvent {
            vault_id: vault.id,
            item_id: id(),
            job_id: None,
            metric: HealthMetric::Backup,
            status: HealthStatus::Healthy,
            code: None,
            at: at(seconds),
        };
        tx.insert_health_event(&event).await.unwrap();
    }
    assert_eq!(tx.prune(Ended::HealthEvents, at(30), 1).await.unwrap(), 1);
    assert_eq!(tx.prune(Ended::HealthEvents, at(30), 99).await.unwrap(), 1);
    let left = tx.health_events(vault.id, HealthMetric::Backup, at(0), at(99), 9).await.unwrap();
    assert_eq!(left.iter().map(|event| event.at).collect::<Vec<_>>(), [at(30)]);
    let mut fired = Vec::new();
    for (seconds, resolved) in [(20, Some(25)), (10, None), (30, None)] {
        let alert = Alert {
            id: id(),
            vault_id: vault.id,
            item_id: None,
            subject: "v1".into(),
            kind: AlertKind::SoftDeleteDisabled,
            code: None,
            text: "Off.".into(),
            job_id: None,
            fired_at: at(seconds),
            resolved_at: resolved.map(at),
        };
        tx.insert_alert(&alert).await.unwrap();
        fired.push(alert);
    }
    assert_eq!(tx.prune(Ended::Alerts, at(20), 99).await.unwrap(), 1, "nobody says when a failure is over");
    assert_eq!(tx.alert(vault.id, fired[1].id).await.unwrap(), None);
    assert_eq!(tx.prune(Ended::Alerts, at(30), 99).await.unwrap(), 1);
    assert_eq!(tx.alerts(vault.id, false, &Page::default()).await.unwrap().items, [fired[2].clone()]);
}
