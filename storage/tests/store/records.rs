//! Tenancy, access, servers and agents, jobs, operations.

use crate::bed::Bed;
use crate::on_both;
use crate::sample::{at, id, job, operation, server, subscription, vault};
use rsvault_domain::access::{Principal, RoleAssignment};
use rsvault_domain::backup::BackupKind;
use rsvault_domain::discovery::{AgentRecord, ServerState};
use rsvault_domain::fault::JobFault;
use rsvault_domain::id::NameKey;
use rsvault_domain::job::{JobKind, JobStatus};
use rsvault_domain::operation::{OperationStatus, Subject};
use rsvault_domain::ports::{JobFilter, Page, StoreError};
use rsvault_domain::tenancy::{ResourceGroup, Subscription};

on_both!(
    a_group_keeps_its_first_casing,
    a_principal_is_replaced_by_either_identity,
    role_assignments_are_found_by_name_by_principal_and_by_scope,
    a_server_written_again_keeps_its_identity,
    a_token_is_used_up_once_and_in_time,
    the_newest_enrolment_of_a_server_counts,
    every_kind_of_job_is_read_back_as_it_was,
    jobs_are_filtered_and_come_newest_first,
    a_repeated_request_is_the_same_operation,
);

async fn a_group_keeps_its_first_casing(bed: Bed) {
    let mut tx = bed.begin().await;
    let mut named = Subscription { id: subscription(), tenant: id(), name: "First".into() };
    tx.put_subscription(&named).await.unwrap();
    named.name = "Second".into();
    tx.put_subscription(&named).await.unwrap();
    assert_eq!(tx.subscription(subscription()).await.unwrap(), Some(named.clone()));
    assert_eq!(tx.subscriptions().await.unwrap(), [named]);
    let first = ResourceGroup { subscription: subscription(), name: "Rg-Ä".into(), location: "westeurope".into(), tags: [].into() };
    assert_eq!(tx.put_group(&first).await.unwrap(), (first.clone(), true));
    let again = ResourceGroup { name: "rg-ä".into(), location: "eastus".into(), tags: [("k".into(), "v".into())].into(), ..first.clone() };
    let stored = ResourceGroup { name: "Rg-Ä".into(), ..again.clone() };
    assert_eq!(tx.put_group(&again).await.unwrap(), (stored.clone(), false));
    assert_eq!(tx.group(subscription(), &"RG-Ä".into()).await.unwrap(), Some(stored.clone()));
    let other = ResourceGroup { name: "B".into(), ..first };
    tx.put_group(&other).await.unwrap();
    let page = tx.groups(subscription(), &Page { after: None, limit: 1 }).await.unwrap();
    assert_eq!(page.items, [other]);
    let page = tx.groups(subscription(), &Page { after: page.next, limit: 1 }).await.unwrap();
    assert_eq!((page.items, page.next), (vec![stored], None));
    assert!(tx.delete_group(subscription(), &"b".into()).await.unwrap());
    assert!(!tx.delete_group(subscription(), &"b".into()).await.unwrap());
}

async fn a_principal_is_replaced_by_either_identity(bed: Bed) {
    let mut tx = bed.begin().await;
    let mut who = Principal { id: id(), client_id: "App".into(), tenant: id(), name: "one".into() };
    tx.put_principal(&who, [1; 32]).await.unwrap();
    assert_eq!(tx.principal_by_client("App").await.unwrap(), Some((who.clone(), [1; 32])));
    assert_eq!(tx.principal_by_client("app").await.unwrap(), None, "client ids are exact");
    who.id = id();
    tx.put_principal(&who, [2; 32]).await.unwrap();
    who.client_id = "Other".into();
    tx.put_principal(&who, [3; 32]).await.unwrap();
    assert_eq!(tx.principal_by_client("App").await.unwrap(), None);
    assert_eq!(tx.principal_by_client("Other").await.unwrap(), Some((who.clone(), [3; 32])));
    assert_eq!(tx.principal_by_id(who.id).await.unwrap(), Some(who));
    assert_eq!(tx.principal_by_id(id()).await.unwrap(), None);
}

async fn role_assignments_are_found_by_name_by_principal_and_by_scope(bed: Bed) {
    let mut tx = bed.begin().await;
    let (one, two) = (id(), id());
    let given = |who, role: &str, scope: &str| RoleAssignment { id: id(), ..RoleAssignment::seeded(who, role, scope, at(1)) };
    let root = given(one, "Owner", "/");
    let group = given(one, "Reader", "/subscriptions/S/resourceGroups/G");
    let vault = given(two, "Backup Reader", "/subscriptions/S/resourceGroups/g/providers/p/vaults/v|1");
    let sibling = given(two, "Reader", "/subscriptions/S/resourceGroups/G2");
    for assignment in [&root, &group, &vault, &sibling] {
        tx.insert_assignment(assignment).await.unwrap();
    }
    let twice = RoleAssignment { id: id(), scope: group.scope.to_uppercase(), ..group.clone() };
    assert!(matches!(tx.insert_assignment(&twice).await, Err(StoreError::Exists(_))), "a principal has a role at a scope once");
    let renamed = RoleAssignment { scope: "/x".into(), ..group.clone() };
    assert!(matches!(tx.insert_assignment(&renamed).await, Err(StoreError::Exists(_))), "a name is taken once");
    assert_eq!(tx.assignments(one).await.unwrap(), [root.clone(), group.clone()]);
    assert_eq!(tx.assignments(id()).await.unwrap(), []);
    assert_eq!(tx.assignment(vault.id).await.unwrap(), Some(vault.clone()));

    let scopes: Vec<NameKey> = ["/", "/subscriptions/s", "/subscriptions/s/resourcegroups/g"].map(NameKey::new).into();
    let at_scope = tx.assignments_at(&scopes, None, &Page::default()).await.unwrap();
    assert_eq!((at_scope.items, at_scope.next), (vec![root.clone(), group.clone()], None));
    let mut page = Page { after: None, limit: 1 };
    let mut seen = Vec::new();
    loop {
        let slice = tx.assignments_at(&scopes, scopes.last(), &page).await.unwrap();
        seen.extend(slice.items);
        match slice.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, [root.clone(), group.clone(), vault], "what lies below is there, a sibling of like name is not");
    assert_eq!(tx.delete_assignments_of(&"/Subscriptions/s/resourceGroups/G".into()).await.unwrap(), 2, "what lies below goes too");
    assert_eq!((tx.assignments(one).await.unwrap(), tx.assignments(two).await.unwrap()), (vec![root.clone()], vec![sibling]));
    assert!(tx.delete_assignment(root.id).await.unwrap());
    assert!(!tx.delete_assignment(root.id).await.unwrap());
}

async fn a_server_written_again_keeps_its_identity(bed: Bed) {
    let mut tx = bed.begin().await;
    let first = server("Vm1");
    assert_eq!(tx.put_server(&first).await.unwrap(), first);
    let mut again = server("VM1");
    again.state = ServerState::Running;
    again.location = "eastus".into();
    again.created_at = at(9);
    let stored = tx.put_server(&again).await.unwrap();
    assert_eq!((stored.id, stored.name.as_str(), stored.created_at), (first.id, "Vm1", at(0)));
    assert_eq!((stored.state, stored.location.as_str()), (ServerState::Running, "eastus"));
    assert_eq!(tx.server(subscription(), &"RG-1".into(), &"vm1".into()).await.unwrap(), Some(stored.clone()));
    assert_eq!(tx.server_by_id(first.id).await.unwrap(), Some(stored.clone()));
    let earlier = tx.put_server(&server("a")).await.unwrap();
    assert_eq!(tx.servers(subscription()).await.unwrap(), [earlier, stored]);
    assert!(tx.delete_server(first.id).await.unwrap());
    assert!(!tx.delete_server(first.id).await.unwrap());
}

async fn a_token_is_used_up_once_and_in_time(bed: Bed) {
    let mut tx = bed.begin().await;
    let server = tx.put_server(&server("vm1")).await.unwrap().id;
    tx.insert_token([1; 32], server, at(10)).await.unwrap();
    tx.insert_token([2; 32], server, at(10)).await.unwrap();
    assert!(matches!(tx.insert_token([2; 32], server, at(10)).await, Err(StoreError::Exists(_))));
    assert_eq!(tx.take_token([3; 32], at(0)).await.unwrap(), None);
    assert_eq!(tx.take_token([1; 32], at(9)).await.unwrap(), Some(server));
    assert_eq!(tx.take_token([1; 32], at(9)).await.unwrap(), None, "used twice");
    assert_eq!(tx.take_token([2; 32], at(10)).await.unwrap(), None, "expired");
    tx.insert_token([4; 32], server, at(10)).await.unwrap();
    tx.delete_server(server).await.unwrap();
    assert_eq!(tx.take_token([4; 32], at(0)).await.unwrap(), None, "went with its server");
}

async fn the_newest_enrolment_of_a_server_counts(bed: Bed) {
    let mut tx = bed.begin().await;
    let server = tx.put_server(&server("vm1")).await.unwrap().id;
    assert_eq!(tx.agent_of(server).await.unwrap(), None);
    let enrolled = |seconds| AgentRecord {
        id: id(),
        server_id: server,
        secret_hash: [7; 32],
        enrolled_at: at(seconds),
        last_seen_at: at(seconds),
        version: "1".into(),
        schedule_revision: None,
        schedule_acked_at: None,
    };
    let (mut new, old) = (enrolled(2), enrolled(1));
    tx.insert_agent(&new).await.unwrap();
    tx.insert_agent(&old).await.unwrap();
    assert!(matches!(tx.insert_agent(&old).await, Err(StoreError::Exists(_))));
    assert_eq!(tx.agent_of(server).await.unwrap(), Some(new.clone()));
    assert_eq!(tx.agent(old.id).await.unwrap(), Some(old));
    tx.touch_agent(new.id, "2", at(50)).await.unwrap();
    new.version = "2".into();
    new.last_seen_at = at(50);
    assert_eq!(tx.agent(new.id).await.unwrap(), Some(new.clone()));
    tx.ack_schedule(new.id, "r1", at(60)).await.unwrap();
    tx.ack_schedule(new.id, "r2", at(61)).await.unwrap();
    (new.schedule_revision, new.schedule_acked_at) = (Some("r2".into()), Some(at(61)));
    assert_eq!(tx.agent(new.id).await.unwrap(), Some(new.clone()));
    tx.delete_server(server).await.unwrap();
    assert!(matches!(tx.ack_schedule(new.id, "r3", at(62)).await, Err(StoreError::Missing(_))));
    assert_eq!(tx.agent(new.id).await.unwrap(), None);
    assert!(matches!(tx.touch_agent(new.id, "3", at(51)).await, Err(StoreError::Missing(_))));
}

async fn every_kind_of_job_is_read_back_as_it_was(bed: Bed) {
    let mut tx = bed.begin().await;
    let vault = vault("v1");
    tx.insert_vault(&vault).await.unwrap();
    let kinds = [BackupKind::Full, BackupKind::Differential, BackupKind::Log, BackupKind::CopyOnlyFull];
    let plain = [
        JobKind::Register,
        JobKind::UnRegister,
        JobKind::ConfigureBackup,
        JobKind::DisableBackup,
        JobKind::DeleteBackupData,
        JobKind::Undelete,
        JobKind::MoveRecoveryPoint,
    ];
    for kind in kinds.into_iter().flat_map(|k| [JobKind::Backup(k), JobKind::Restore(k), JobKind::RestoreWithRehydrate(k)]).chain(plain) {
        let job = job(vault.id, kind, 0);
        tx.insert_job(&job).await.unwrap();
        assert_eq!(tx.job(vault.id, job.id).await.unwrap(), Some(job.clone()));
        assert_eq!(tx.job(id(), job.id).await.unwrap(), None, "another vault's");
        assert!(matches!(tx.insert_job(&job).await, Err(StoreError::Exists(_))));
    }
}

async fn jobs_are_filtered_and_come_newest_first(bed: Bed) {
    let mut tx = bed.begin().await;
    let vault = vault("v1");
    tx.insert_vault(&vault).await.unwrap();
    let item = id();
    let mut jobs = Vec::new();
    for n in 0..4 {
        let kind = if n % 2 == 0 { JobKind::Backup(BackupKind::Log) } else { JobKind::Restore(BackupKind::Full) };
        let mut job = job(vault.id, kind, n);
        job.item_id = Some(item);
        tx.insert_job(&job).await.unwrap();
        jobs.insert(0, job);
    }
    jobs[0].end(JobStatus::Failed, vec![JobFault::catalogue("WorkloadRestoreFailed", "why")], at(60));
    jobs[1].status = JobStatus::Cancelling;
    jobs[1].set_property("b", "3".into());
    tx.update_job(&jobs[0]).await.unwrap();
    tx.update_job(&jobs[1]).await.unwrap();
    let all = Page::default();
    assert_eq!(tx.jobs(vault.id, &JobFilter::default(), &all).await.unwrap().items, jobs);
    let failed = JobFilter { status: Some(JobStatus::Failed), ..JobFilter::default() };
    assert_eq!(tx.jobs(vault.id, &failed, &all).await.unwrap().items, jobs[..1]);
    let backups = JobFilter { family: Some("Backup".into()), ..JobFilter::default() };
    let page = tx.jobs(vault.id, &backups, &Page { after: None, limit: 1 }).await.unwrap();
    assert_eq!(page.items, jobs[1..2]);
    let page = tx.jobs(vault.id, &backups, &Page { after: page.next, limit: 1 }).await.unwrap();
    assert_eq!((page.items.as_slice(), page.next), (&jobs[3..4], None));
    let between = JobFilter { from: Some(at(1)), to: Some(at(2)), ..JobFilter::default() };
    assert_eq!(tx.jobs(vault.id, &between, &all).await.unwrap().items, jobs[1..3]);
    let one = JobFilter { id: Some(jobs[2].id), ..JobFilter::default() };
    assert_eq!(tx.jobs(vault.id, &one, &all).await.unwrap().items, jobs[2..3]);
    let running: Vec<_> = tx.running_jobs(item).await.unwrap().iter().map(|j| j.id).collect();
    assert_eq!(running, [jobs[3].id, jobs[2].id, jobs[1].id]);
    jobs[0].id = id();
    assert!(matches!(tx.update_job(&jobs[0]).await, Err(StoreError::Missing(_))));
}

async fn a_repeated_request_is_the_same_operation(bed: Bed) {
    let mut tx = bed.begin().await;
    let vault = vault("never stored");
    for subject in [
        Subject::Nothing,
        Subject::Validation,
        Subject::Export,
        Subject::Vault,
        Subject::Container(id()),
        Subject::Item(id()),
        Subject::Policy(id()),
    ] {
        let operation = operation(&vault, subject);
        tx.insert_operation(&operation).await.unwrap();
        assert_eq!(tx.operation(operation.id).await.unwrap(), Some(operation));
    }
    let mut first = operation(&vault, Subject::Vault);
    first.request_key = Some("PUT /x 1".into());
    tx.insert_operation(&first).await.unwrap();
    let mut repeat = operation(&vault, Subject::Vault);
    repeat.request_key.clone_from(&first.request_key);
    assert!(matches!(tx.insert_operation(&repeat).await, Err(StoreError::Exists(_))));
    assert_eq!(tx.operation_by_request("PUT /x 1").await.unwrap(), Some(first.clone()));
    assert_eq!(tx.operation_by_request("PUT /x 2").await.unwrap(), None);
    first.status = OperationStatus::Failed;
    first.job_id = Some(id());
    first.error = Some(("Code".into(), "Message".into()));
    first.ended_at = Some(at(5));
    tx.update_operation(&first).await.unwrap();
    assert_eq!(tx.operation(first.id).await.unwrap(), Some(first));
    assert!(matches!(tx.update_operation(&repeat).await, Err(StoreError::Missing(_))));
}
