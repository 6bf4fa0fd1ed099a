//! What a vault has beside its backups, outcomes of operations, counts.

use crate::bed::Bed;
use crate::on_both;
use crate::sample::{at, container, id, item, job, operation, policy, server, stored_item, vault};
use jiff::SignedDuration;
use rsvault_domain::discovery::{Container, Registration};
use rsvault_domain::job::{Job, JobKind, JobStatus};
use rsvault_domain::operation::Subject;
use rsvault_domain::outcome::{MoveLevel, Outcome, PreparedMove, Tiering};
use rsvault_domain::ports::Ended;
use rsvault_domain::protection::{ItemState, ProtectedItem, SoftDeleted};
use rsvault_domain::vault::Vault;
use rsvault_domain::vault::certificate::VaultCertificate;
use rsvault_domain::vault::encryption::{Encryption, KeyIdentity};
use rsvault_domain::vault::endpoint::{EndpointConnection, LinkStatus, SubResource};
use rsvault_domain::vault::extended::ExtendedInfo;
use rsvault_domain::vault::identity::Identity;
use rsvault_domain::vault::pin::SecurityPin;
use rsvault_domain::vault::usage::VaultCounts;

on_both!(
    extended_info_certificates_and_pin_are_replaced_and_go_with_their_vault,
    a_vault_keeps_its_key_identities_and_endpoints,
    an_outcome_goes_with_its_operation,
    a_vault_is_counted_by_itself,
);

fn certificate(vault: &Vault, name: &str, thumbprint: &str) -> VaultCertificate {
    VaultCertificate {
        vault_id: vault.id,
        name: name.into(),
        der: vec![0x30, 0, 255],
        subject: "CN=ü".into(),
        issuer: "CN=i".into(),
        thumbprint: thumbprint.into(),
        valid_from: at(0),
        valid_to: at(9),
    }
}

async fn extended_info_certificates_and_pin_are_replaced_and_go_with_their_vault(bed: Bed) {
    let mut tx = bed.begin().await;
    let (one, two) = (vault("v1"), vault("v2"));
    tx.insert_vault(&one).await.unwrap();
    tx.insert_vault(&two).await.unwrap();

    assert_eq!(tx.extended_info(one.id).await.unwrap(), None);
    let info = ExtendedInfo { integrity_key: Some("k".into()), etag: id(), ..ExtendedInfo::default() };
    tx.put_extended_info(one.id, &info).await.unwrap();
    assert_eq!(tx.extended_info(one.id).await.unwrap(), Some(info));
    let other = ExtendedInfo {
        integrity_key: None,
        encryption_key: Some("e".into()),
        encryption_key_thumbprint: Some("t".into()),
        algorithm: Some("None".into()),
        etag: id(),
    };
    tx.put_extended_info(one.id, &other).await.unwrap();
    assert_eq!(tx.extended_info(one.id).await.unwrap(), Some(other));
    assert_eq!(tx.extended_info(two.id).await.unwrap(), None);

    let first = certificate(&one, "Cred", "AA");
    tx.put_certificate(&first).await.unwrap();
    tx.put_certificate(&certificate(&two, "Cred", "BB")).await.unwrap();
    tx.put_certificate(&certificate(&one, "CRED", "CC")).await.unwrap();
    let kept = tx.certificate(one.id, &"cred".into()).await.unwrap();
    assert_eq!(kept, Some(VaultCertificate { thumbprint: "CC".into(), ..first.clone() }), "the first casing stays");
    assert_eq!(tx.certificate_count(one.id).await.unwrap(), 1);
    assert!(tx.delete_certificate(one.id, &"CRED".into()).await.unwrap());
    assert!(!tx.delete_certificate(one.id, &"cred".into()).await.unwrap());
    assert_eq!((tx.certificate_count(one.id).await.unwrap(), tx.certificate_count(two.id).await.unwrap()), (0, 1));

    assert_eq!(tx.security_pin(one.id).await.unwrap(), None);
    let pin = SecurityPin { salt: [1; 32], hash: [2; 32], expires_at: at(5) };
    tx.put_security_pin(one.id, &pin).await.unwrap();
    let newer = SecurityPin { salt: [3; 32], hash: [4; 32], expires_at: at(6) };
    tx.put_security_pin(one.id, &newer).await.unwrap();
    assert_eq!(tx.security_pin(one.id).await.unwrap(), Some(newer));

    assert!(!tx.ever_registered(one.id).await.unwrap());
    tx.mark_registered(one.id).await.unwrap();
    tx.mark_registered(one.id).await.unwrap();
    assert_eq!((tx.ever_registered(one.id).await.unwrap(), tx.ever_registered(two.id).await.unwrap()), (true, false));

    tx.put_certificate(&first).await.unwrap();
    tx.remove_vault(one.id).await.unwrap();
    assert_eq!(tx.extended_info(one.id).await.unwrap(), None);
    assert_eq!(tx.certificate(one.id, &"cred".into()).await.unwrap(), None);
    assert_eq!(tx.security_pin(one.id).await.unwrap(), None);
    assert!(!tx.ever_registered(one.id).await.unwrap());
    assert_eq!(tx.certificate_count(two.id).await.unwrap(), 1);
}

async fn a_vault_keeps_its_key_identities_and_endpoints(bed: Bed) {
    let mut tx = bed.begin().await;
    let mut vault = vault("v1");
    let user = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/U".to_owned();
    vault.settings.identity = Some(Identity { system: true, tenant: Some(id()), users: vec![user.clone()] });
    vault.settings.encryption =
        Some(Encryption { key_uri: "https://kv/keys/k".into(), identity: KeyIdentity::User(user), infrastructure: true });
    vault.settings.private_endpoints = vec![EndpointConnection {
        name: "Pe1".into(),
        endpoint: "/x".into(),
        groups: vec![SubResource::AzureBackup, SubResource::AzureBackupSecondary],
        status: LinkStatus::Approved,
        description: "ok".into(),
        actions_required: "None".into(),
    }];
    tx.insert_vault(&vault).await.unwrap();
    assert_eq!(tx.vault_by_id(vault.id).await.unwrap(), Some(vault));
}

async fn an_outcome_goes_with_its_operation(bed: Bed) {
    let mut tx = bed.begin().await;
    let vault = vault("v1");
    tx.insert_vault(&vault).await.unwrap();
    let mut started = operation(&vault, Subject::Nothing);
    started.ended_at = Some(at(1));
    tx.insert_operation(&started).await.unwrap();
    assert_eq!(tx.outcome(started.id).await.unwrap(), None);
    tx.put_outcome(started.id, &Outcome::Tiering(Tiering::Saving { bytes: i64::MAX })).await.unwrap();
    let prepared = Outcome::Prepared(PreparedMove { target: "/t".into(), level: MoveLevel::Container, containers: vec!["/c".into()] });
    tx.put_outcome(started.id, &prepared).await.unwrap();
    assert_eq!(tx.outcome(started.id).await.unwrap(), Some(prepared));
    assert_eq!(tx.prune(Ended::Operations, at(2), 9).await.unwrap(), 1);
    assert_eq!(tx.outcome(started.id).await.unwrap(), None);
}

async fn a_vault_is_counted_by_itself(bed: Bed) {
    let mut tx = bed.begin().await;
    let empty = vault("empty");
    tx.insert_vault(&empty).await.unwrap();
    assert_eq!(tx.vault_counts(empty.id, at(0)).await.unwrap(), VaultCounts::default());
    stored_item(&mut *tx, "other").await;

    let own = vault("own");
    tx.insert_vault(&own).await.unwrap();
    let mut containers = Vec::new();
    for (name, registration) in [("a", Registration::Registered), ("b", Registration::Registering), ("c", Registration::SoftDeleted)] {
        let host = tx.put_server(&server(name)).await.unwrap();
        let held = Container { registration, ..container(own.id, &host) };
        tx.insert_container(&held).await.unwrap();
        containers.push(held);
    }
    let gone = SoftDeleted { at: at(1), purge_at: at(99) };
    for (name, state, soft_deleted) in [
        ("one", ItemState::IRPending, None),
        ("two", ItemState::Protected, None),
        ("three", ItemState::ProtectionStopped, None),
        ("four", ItemState::BackupsSuspended, None),
        ("five", ItemState::ProtectionStopped, Some(gone)),
    ] {
        tx.insert_item(&ProtectedItem { state, soft_deleted, ..item(&containers[0], name) }).await.unwrap();
    }
    tx.put_policy(&policy(own.id, "Daily")).await.unwrap();
    for (status, started) in [
        (JobStatus::InProgress, 0),
        (JobStatus::Cancelling, 1),
        (JobStatus::Failed, 10),
        (JobStatus::Failed, 9),
        (JobStatus::Completed, 20),
    ] {
        let ended_at = status.is_final().then(|| at(30));
        tx.insert_job(&Job { status, ended_at, item_id: None, ..job(own.id, JobKind::Register, started) }).await.unwrap();
    }
    let counts = tx.vault_counts(own.id, at(10)).await.unwrap();
    let want = VaultCounts { servers: 2, items: 4, initial: 1, stopped: 2, soft_deleted: 1, policies: 1, running_jobs: 2, failed_jobs: 1 };
    assert_eq!(counts, want);
    let all = tx.vault_counts(own.id, at(10) - SignedDuration::from_hours(24)).await.unwrap();
    assert_eq!(all.failed_jobs, 2);
}
