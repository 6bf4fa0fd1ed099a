//! What every object backend promises, on files and in memory.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test panics")]
#![allow(clippy::disallowed_methods, reason = "a test awaits what it spawns")]

use bytes::Bytes;
use rsvault_domain::ports::{ObjectError, ObjectStore, PutOutcome};
use rsvault_storage::objects;
use std::sync::Arc;

macro_rules! on_every_backend {
    ($($name:ident),+ $(,)?) => {
        mod file {
            $(#[tokio::test]
            async fn $name() {
                let folder = tempfile::tempdir().unwrap();
                let url = format!("file:{}", folder.path().join("made/on/start").display());
                super::$name(super::objects::open(&url).unwrap()).await;
            })+
        }
        mod memory {
            $(#[tokio::test]
            async fn $name() { super::$name(rsvault_storage::testing::memory_objects()).await; })+
        }
    };
}
on_every_backend!(
    an_object_is_made_once,
    a_list_is_sorted_and_paged,
    a_prefix_is_a_folder,
    ranges_give_what_they_name,
    what_is_missing_is_said_to_be_missing,
    of_racing_puts_one_creates,
);

type Store = Arc<dyn ObjectStore>;

async fn an_object_is_made_once(store: Store) {
    assert_eq!(store.put_new("a/0", Bytes::from_static(b"first")).await.unwrap(), PutOutcome::Created);
    assert_eq!(store.put_new("a/0", Bytes::from_static(b"second")).await.unwrap(), PutOutcome::Exists);
    assert_eq!(store.get("a/0").await.unwrap(), "first");
    assert_eq!(store.size("a/0").await.unwrap(), Some(5));
    store.delete("a/0").await.unwrap();
    store.delete("a/0").await.unwrap();
    assert_eq!(store.put_new("a/0", Bytes::new()).await.unwrap(), PutOutcome::Created);
    assert_eq!(store.get("a/0").await.unwrap(), "");
}

async fn a_list_is_sorted_and_paged(store: Store) {
    for key in ["s/1/00000002", "s/0/00000010", "s/1/00000000", "s/0/00000009", "t/0"] {
        store.put_new(key, Bytes::from_static(b"x")).await.unwrap();
    }
    let all = ["s/0/00000009", "s/0/00000010", "s/1/00000000", "s/1/00000002"];
    assert_eq!(store.list("s", None, 10).await.unwrap(), all);
    let first = store.list("s", None, 3).await.unwrap();
    assert_eq!(first, all[..3]);
    assert_eq!(store.list("s", Some(&first[2]), 3).await.unwrap(), all[3..]);
    assert_eq!(store.list("s", Some(all[3]), 3).await.unwrap(), [] as [&str; 0]);
    assert_eq!(store.list("nothing/here", None, 3).await.unwrap(), [] as [&str; 0]);
}

async fn a_prefix_is_a_folder(store: Store) {
    for key in ["sets/1/a", "sets/10/a"] {
        store.put_new(key, Bytes::from_static(b"x")).await.unwrap();
    }
    for prefix in ["sets/1", "sets/1/"] {
        assert_eq!(store.list(prefix, None, 9).await.unwrap(), ["sets/1/a"], "another set's object is in the list");
    }
}

async fn ranges_give_what_they_name(store: Store) {
    let bytes: Bytes = (0..100_000u32).flat_map(u32::to_le_bytes).collect::<Vec<_>>().into();
    store.put_new("a/b", bytes.clone()).await.unwrap();
    for (from, to) in [(0, 1), (8191, 8193), (399_999, 400_000), (0, 400_000)] {
        assert_eq!(store.get_range("a/b", from..to).await.unwrap(), bytes.slice(from as usize..to as usize), "{from}..{to}");
    }
    assert_eq!(store.get("a/b").await.unwrap(), bytes);
}

async fn what_is_missing_is_said_to_be_missing(store: Store) {
    assert!(matches!(store.get("no").await, Err(ObjectError::NotFound(_))));
    assert!(matches!(store.get_range("no", 0..1).await, Err(ObjectError::NotFound(_))));
    assert_eq!(store.size("no").await.unwrap(), None);
    assert!(matches!(store.put_new("a/../b", Bytes::new()).await, Err(ObjectError::Broken(_))), "keys do not climb");
}

async fn of_racing_puts_one_creates(store: Store) {
    let puts = (0..8u8).map(|n| {
        let store = store.clone();
        tokio::spawn(async move { store.put_new("race/0", vec![n; 1000].into()).await.unwrap() })
    });
    let mut created = 0;
    for put in puts.collect::<Vec<_>>() {
        created += usize::from(put.await.unwrap() == PutOutcome::Created);
    }
    assert_eq!(created, 1);
    let bytes = store.get("race/0").await.unwrap();
    assert!(bytes.len() == 1000 && bytes.iter().all(|b| *b == bytes[0]), "torn");
}

#[test]
fn a_scheme_that_is_not_built_is_refused_by_name() {
    for url in ["s3://bucket/x", "gs://b", "az://c", "ftp://x", "/plain/path", "file:"] {
        assert!(matches!(objects::open(url), Err(ObjectError::Broken(_))), "{url}");
    }
    let refused = objects::open("s3://bucket/x").err().unwrap().to_string();
    assert!(refused.contains("s3") && refused.contains("file:"), "{refused}");
}

#[tokio::test]
async fn an_emptied_folder_goes_with_its_last_object() {
    let folder = tempfile::tempdir().unwrap();
    let store = objects::open(&format!("file://{}", folder.path().display())).unwrap();
    store.put_new("vaults/v/0", Bytes::from_static(b"x")).await.unwrap();
    store.delete("vaults/v/0").await.unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
