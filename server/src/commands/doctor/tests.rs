use super::*;
use jiff::{SignedDuration, Timestamp};

#[test]
fn a_clock_behind_what_was_recorded_is_wrong() {
    let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let judge = |newest| clock::judge(now, newest, None, None).level;
    assert_eq!(judge(Some(now + SignedDuration::from_mins(1))), Level::Wrong);
    assert_eq!(judge(Some(now - SignedDuration::from_mins(1))), Level::Good);
    assert_eq!(judge(None), Level::Good);
}

#[test]
fn a_clock_that_the_vault_does_not_trust_is_told_with_the_cure() {
    let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let ago = |hours| Some(now - SignedDuration::from_hours(hours));
    let judge = |mark, seen| clock::judge(now, seen, mark, seen);
    for (mark, seen, level) in [
        (ago(0), ago(0), Level::Good),
        (ago(100), ago(100), Level::Good),
        (ago(24 * 8), ago(24 * 8), Level::Warning),
        (ago(3), ago(0), Level::Wrong),
    ] {
        let finding = judge(mark, seen);
        assert_eq!(finding.level, level, "{finding:?}");
        assert_eq!(finding.cure.contains("--accept-clock"), level != Level::Good, "{finding:?}");
    }
}

#[tokio::test]
async fn an_accepted_clock_is_what_the_vault_trusts() {
    let dir = tempfile::tempdir().unwrap();
    let (_, store) = catalogue::check(&format!("sqlite:{}", dir.path().join("c.db").display())).await;
    let store = store.unwrap();
    clock::accept(&store).await.unwrap();
    let mark = rsvault_domain::ports::Store::read(store.as_ref()).await.unwrap().clock_mark().await.unwrap().unwrap();
    assert_eq!(clock::judge(mark, None, Some(mark), Some(mark)).level, Level::Good);
}

#[tokio::test]
async fn a_good_object_store_is_good_and_a_leftover_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("file:{}", dir.path().display());
    assert!(objects::check("object store", &url).await.iter().all(|f| f.level == Level::Good));
    std::fs::write(dir.path().join("chunk#1"), b"x").unwrap();
    assert!(objects::check("object store", &url).await.iter().any(|f| f.check == "staging files"));
}

#[tokio::test]
async fn keys_wrap_and_unwrap_and_the_probe_leaves_no_key() {
    let dir = tempfile::tempdir().unwrap();
    let keys_dir = dir.path().join("keys");
    assert_eq!(keys::check(&keys_dir).await.level, Level::Good);
    assert_eq!(std::fs::read_dir(&keys_dir).unwrap().count(), 0);
}

#[tokio::test]
async fn a_database_that_takes_a_write_is_good_and_one_that_cannot_be_opened_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let (finding, store) = catalogue::check(&format!("sqlite:{}", dir.path().join("c.db").display())).await;
    assert_eq!(finding.level, Level::Good, "{finding:?}");
    assert!(store.is_some());
    let (finding, store) = catalogue::check("sqlite:/dev/null/no/c.db").await;
    assert_eq!(finding.level, Level::Wrong);
    assert!(store.is_none() && !finding.cure.is_empty());
}
