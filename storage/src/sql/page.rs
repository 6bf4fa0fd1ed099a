//! Keyset pages: a cursor is the sort key of the last element seen, opaque to all but this crate.
//!
//! Always holds: a page is found through an index, whatever came before it; a cursor that was not
//! given out here is refused as the caller's mistake, not as a defect.

use super::column::micros;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use rsvault_domain::ports::{Page, Slice, StoreError, StoreResult};
use std::str::FromStr;

const DEFAULT_LIMIT: u32 = 200;
const MAX_LIMIT: u32 = 1000;

/// How many rows to fetch: one more than the page holds tells whether there is a next one.
pub(super) fn fetch(page: &Page) -> i64 {
    i64::from(limit(page)) + 1
}
fn limit(page: &Page) -> u32 {
    if page.limit == 0 { DEFAULT_LIMIT } else { page.limit.min(MAX_LIMIT) }
}

/// The text key after which the page starts; empty text is before all keys.
pub(super) fn after_text(page: &Page) -> StoreResult<String> {
    page.after.as_deref().map_or(Ok(String::new()), decode)
}
/// The pair after which the page starts, if it does not start at the front.
pub(super) fn after_pair<A: FromStr, B: FromStr>(page: &Page) -> StoreResult<Option<(A, B)>> {
    let Some(cursor) = &page.after else { return Ok(None) };
    let text = decode(cursor)?;
    let (a, b) = text.split_once('|').ok_or_else(refused)?;
    Ok(Some((a.parse().map_err(|_| refused())?, b.parse().map_err(|_| refused())?)))
}
/// Cuts fetched rows to the page. `key` gives the text that [`after_text`] or [`after_pair`] reads.
pub(super) fn slice<T>(page: &Page, mut items: Vec<T>, key: impl Fn(&T) -> String) -> Slice<T> {
    let limit = limit(page) as usize;
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|last| URL_SAFE_NO_PAD.encode(key(last)));
    Slice { items, next }
}
/// Key of lists ordered by a time and then `tie`.
pub(super) fn time_key(at: Timestamp, tie: impl std::fmt::Display) -> String {
    format!("{}|{tie}", micros(at))
}

fn decode(cursor: &str) -> StoreResult<String> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| refused())?;
    // PostgreSQL takes no NUL in text; no cursor given out here has one.
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0')).ok_or_else(refused)
}
fn refused() -> StoreError {
    StoreError::BadCursor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_that_was_never_given_out_is_refused() {
        for bad in ["%", "not base64!", "AAAA", "eA"] {
            let page = Page { after: Some(bad.into()), limit: 1 };
            assert!(matches!(after_pair::<i64, uuid::Uuid>(&page), Err(StoreError::BadCursor)), "{bad}");
        }
    }

    #[test]
    fn the_last_page_has_no_next() {
        let page = Page { after: None, limit: 2 };
        let full = slice(&page, vec!["a", "b", "c"], |s| (*s).into());
        assert_eq!(full.items, ["a", "b"]);
        let next = Page { after: full.next, limit: 2 };
        assert_eq!(after_text(&next).unwrap(), "b");
        assert_eq!(slice(&next, vec!["c"], |s| (*s).into()).next, None);
    }
}
