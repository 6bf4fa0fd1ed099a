//! One test a rule of rulebook 3.7.

use super::*;
use crate::backup::Lsn;
use crate::backup::chain::Base;
use BackupKind::{CopyOnlyFull, Differential, Full, Log};
use uuid::Uuid;

const DAY: i64 = 86_400;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}
fn head() -> Head {
    let full = Base { time: at(0), checkpoint_lsn: Lsn(5), fork: Uuid::from_u128(1), recovery_model: RecoveryModel::Full };
    Head { full: Some(full), log_lsn: Some(Lsn(9)), log_time: Some(at(60)) }
}
fn state(head: &Head) -> State<'_> {
    State { head, needs_full: None, recovery_model: RecoveryModel::Full, read_only: false, database: "sales", remedial_running: false }
}
fn scheduled(kind: BackupKind) -> Request {
    Request { kind, scheduled: true, now: at(DAY) }
}
fn on_demand(kind: BackupKind) -> Request {
    Request { scheduled: false, ..scheduled(kind) }
}
/// What scheduled and on-demand runs of a differential or log become in a state that needs a full.
fn heals_to(state: &State<'_>, kinds: &[BackupKind], healed: Decision, code: &'static str) {
    for kind in kinds {
        assert_eq!(decide(&scheduled(*kind), state), healed, "{kind:?}");
        assert_eq!(decide(&on_demand(*kind), state), Decision::Fail { code }, "{kind:?}");
    }
    for kind in [Full, CopyOnlyFull] {
        assert_eq!(decide(&scheduled(kind), state), Decision::Run(kind));
        assert_eq!(decide(&on_demand(kind), state), Decision::Run(kind));
    }
}
fn converts(because: &'static str) -> Decision {
    Decision::Convert { to: Full, because }
}

#[test]
fn in_a_whole_chain_every_kind_runs_as_asked() {
    for kind in [Full, Differential, Log, CopyOnlyFull] {
        assert_eq!(decide(&scheduled(kind), &state(&head())), Decision::Run(kind));
        assert_eq!(decide(&on_demand(kind), &state(&head())), Decision::Run(kind));
    }
}

#[test]
fn after_a_failed_lsn_validation_the_next_differential_or_log_is_a_full() {
    for code in ["UserErrorSQLLSNValidationFailure", "UserErrorOtherBackupProductCausingSQLLSNValidationFailure"] {
        let head = head();
        let state = State { needs_full: Some(code), ..state(&head) };
        let code = if code == codes::LSN { codes::LSN } else { codes::OTHER_PRODUCT };
        heals_to(&state, &[Differential, Log], converts(code), code);
    }
}

#[test]
fn without_a_full_the_first_differential_or_log_is_a_full() {
    let head = Head::default();
    heals_to(&state(&head), &[Differential, Log], converts("UserErrorParentFullBackupMissing"), "UserErrorParentFullBackupMissing");
}

#[test]
fn when_the_full_is_older_than_15_days_the_next_differential_or_log_is_a_full() {
    let head = head();
    for kind in [Differential, Log] {
        let on_the_day = Request { now: at(15 * DAY), ..scheduled(kind) };
        assert_eq!(decide(&on_the_day, &state(&head)), Decision::Run(kind));
        let after = Request { now: at(15 * DAY + 1), ..scheduled(kind) };
        assert_eq!(decide(&after, &state(&head)), converts("UserErrorLatestFullPitIsOld"));
        assert_eq!(decide(&Request { scheduled: false, ..after }, &state(&head)), Decision::Fail { code: "UserErrorLatestFullPitIsOld" });
    }
}

#[test]
fn what_an_upgrade_of_the_agent_cancelled_is_taken_again() {
    for kind in [Full, Differential, Log] {
        assert_eq!(after_failure(kind, true, "UserErrorJobCancelledOnExtensionUpgrade"), After::Again);
        assert_eq!(after_failure(kind, false, "UserErrorJobCancelledOnExtensionUpgrade"), After::Nothing);
        assert_eq!(after_failure(kind, true, "UserErrorJobSuccessfullyCancelled"), After::Nothing);
    }
}

#[test]
fn after_a_restore_over_the_database_the_next_differential_or_log_fails_and_a_full_follows() {
    let code = "UserErrorNoFullBackupTriggeredAfterRestore";
    let head = head();
    let state = State { needs_full: Some(code), ..state(&head) };
    heals_to(&state, &[Differential, Log], Decision::FailAndHeal { code }, code);
}

#[test]
fn after_a_change_of_the_recovery_model_the_next_scheduled_run_is_a_full() {
    let code = "UserErrorLogBackupFailedAsRecoveryModelChanged";
    let head = head();
    let told = State { needs_full: Some(code), ..state(&head) };
    heals_to(&told, &[Differential, Log], converts(code), code);
}

#[test]
fn a_full_of_the_simple_model_carries_differentials_but_no_logs() {
    let mut simple = head();
    simple.log_lsn = None;
    heals_to(&state(&simple), &[Log], converts(codes::MODEL_CHANGED), codes::MODEL_CHANGED);
    assert_eq!(decide(&scheduled(Differential), &state(&simple)), Decision::Run(Differential));
}

#[test]
fn after_the_database_was_replaced_the_next_differential_or_log_is_a_full() {
    let code = "UserErrorBackupFailedDBGuidChanged";
    let head = head();
    let state = State { needs_full: Some(code), ..state(&head) };
    heals_to(&state, &[Differential, Log], converts(code), code);
}

#[test]
fn a_reason_that_is_not_known_is_a_broken_chain() {
    let head = head();
    let state = State { needs_full: Some("SomethingNewer"), ..state(&head) };
    heals_to(&state, &[Differential, Log], converts(codes::LSN), codes::LSN);
}

#[test]
fn what_the_database_cannot_do_is_left_out_on_schedule_and_fails_on_demand() {
    let head = head();
    let code = "UserErrorSQLPODoesNotSupportBackupType";
    let master = State { database: "MASTER", ..state(&head) };
    let read_only = State { read_only: true, ..state(&head) };
    let simple = State { recovery_model: RecoveryModel::Simple, ..state(&head) };
    for (state, kinds) in [(master, &[Differential, Log][..]), (read_only, &[Differential, Log]), (simple, &[Log])] {
        // It stays so whatever else is wrong with the chain.
        for state in [state, State { needs_full: Some(codes::LSN), remedial_running: true, ..state }] {
            for kind in kinds {
                assert_eq!(decide(&scheduled(*kind), &state), Decision::Skip { code });
                assert_eq!(decide(&on_demand(*kind), &state), Decision::Fail { code });
            }
        }
        for kind in [Full, CopyOnlyFull] {
            assert_eq!(decide(&on_demand(kind), &state), Decision::Run(kind));
        }
    }
    assert_eq!(decide(&scheduled(Differential), &simple), Decision::Run(Differential));
}

#[test]
fn while_a_remedial_full_runs_every_other_backup_fails() {
    let head = head();
    let state = State { remedial_running: true, needs_full: Some(codes::LSN), ..state(&head) };
    for kind in [Full, Differential, Log, CopyOnlyFull] {
        for request in [scheduled(kind), on_demand(kind)] {
            assert_eq!(decide(&request, &state), Decision::Fail { code: "UserErrorBackupFailedAsRemedialBackupInProgress" });
        }
    }
}

#[test]
fn a_scheduled_run_that_fails_of_a_broken_chain_is_followed_by_a_full_and_no_other_is() {
    for code in [
        "UserErrorSQLLSNValidationFailure",
        "UserErrorOtherBackupProductCausingSQLLSNValidationFailure",
        "UserErrorParentFullBackupMissing",
        "UserErrorLatestFullPitIsOld",
        "UserErrorLogBackupFailedAsRecoveryModelChanged",
        "UserErrorBackupFailedDBGuidChanged",
        "UserErrorNoFullBackupTriggeredAfterRestore",
    ] {
        assert!(heals(code));
        for kind in [Differential, Log] {
            assert_eq!(after_failure(kind, true, code), After::RemedialFull);
            assert_eq!(after_failure(kind, false, code), After::Nothing);
        }
        assert_eq!(after_failure(Full, true, code), After::Nothing);
    }
    for code in ["UserErrorSQLPODoesNotExist", "UserErrorSQLPODoesNotSupportBackupType", "DataTransferInterrupted"] {
        assert!(!heals(code));
        assert_eq!(after_failure(Log, true, code), After::Nothing);
    }
}

#[test]
fn every_code_that_is_raised_here_stands_in_the_catalogue() {
    let listed: Vec<&str> = crate::fault::catalogue_codes().collect();
    for code in HEALS.into_iter().chain([codes::UNSUPPORTED_TYPE, codes::REMEDIAL_RUNS, codes::UPGRADED]) {
        assert!(listed.contains(&code), "{code}");
    }
}
