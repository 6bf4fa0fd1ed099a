use super::*;
use jiff::{SignedDuration, Timestamp};

#[test]
fn a_clock_behind_what_was_recorded_is_wrong() {
    let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(clock::judge("clock", now, Some(now + SignedDuration::from_mins(1))).level, Level::Wrong);
    assert_eq!(clock::judge("clock", now, Some(now - SignedDuration::from_mins(1))).level, Level::Good);
    assert_eq!(clock::judge("clock", now, None).level, Level::Good);
}

#[tokio::test]
async fn a_good_object_store_is_good_and_a_leftover_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("file:{}", dir.path().display());
    assert!(objects::check(&url).await.iter().all(|f| f.level == Level::Good));
    std::fs::write(dir.path().join("chunk#1"), b"x").unwrap();
    assert!(objects::check(&url).await.iter().any(|f| f.check == "staging files"));
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
