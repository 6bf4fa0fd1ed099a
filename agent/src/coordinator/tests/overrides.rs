//! Restores as files leave out what the server's overrides exclude.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_as_files_leaves_out_what_is_excluded() {
    let (vault, engine) = (Arc::new(FakeVault::default()), Arc::new(Told::default()));
    let state = tempfile::tempdir().unwrap();
    let clock = Arc::new(clock::ManualClock::at("2026-01-02T03:04:05Z"));
    let agent = Agent::start_on(vault.clone(), vec![engine.clone()], LIMITS, clock, Some(state.path().to_owned()));
    let mut steps = Vec::new();
    for (n, kind) in [BackupKind::Full, BackupKind::Differential, BackupKind::Log].into_iter().enumerate() {
        let set = id();
        vault.offer(set, 1, backup("1000"));
        outcome(&vault, set).await;
        steps.push(RestoreStep { set_id: set_of(set), kind, point: n.to_string(), time: "2026-01-02T03:04:05Z".parse().unwrap() });
    }
    let folder = tempfile::tempdir().unwrap();
    let written = async |name: &str, kinds: usize| {
        let directory = folder.path().join(name);
        let target = RestoreTarget::Files { directory: directory.to_str().unwrap().to_owned() };
        let plan = RestorePlan { source_database: "db".into(), steps: steps[..kinds].to_vec(), stop_at: None, target };
        let restore = id();
        vault.offer(restore, 1, Work::Restore { plan });
        let outcome = outcome(&vault, restore).await;
        let files = std::fs::read_dir(directory).map(Iterator::count).unwrap_or_default();
        (outcome, files)
    };
    assert_eq!(written("all", 3).await, (Outcome::Restored { bytes: 3000 }, 6));
    let overrides = r#"{"RecoveryPointTypesToBeExcludedForRestoreAsFiles": "ExcludeFull"}"#;
    std::fs::write(state.path().join("ExtensionSettingsOverrides.json"), overrides).unwrap();
    assert_eq!(written("logs", 3).await, (Outcome::Restored { bytes: 2000 }, 4));
    let (nothing, files) = written("nothing", 1).await;
    assert!(matches!(nothing, Outcome::Failed { fault } if fault.code == "WorkloadRestoreFailed"), "the job tells that nothing is left");
    assert_eq!(files, 0);
    agent.shutdown().await;
}
