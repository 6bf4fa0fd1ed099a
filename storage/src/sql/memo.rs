//! What a connection has read and need not read again: records by the question that gave them.
//!
//! Always holds: nothing is remembered across a change. SQLite counts, for each connection, the commits of all
//! others, whatever their process ([`VERSION`]); an answer counts only under the number that it was read
//! at, so it is what the transaction at hand would read itself.

use rusqlite::types::Value;
use std::any::Any;
use std::collections::HashMap;

/// Asks for the number of the state that the transaction sees.
pub(super) const VERSION: &str = "PRAGMA data_version";
/// Rows kept, an answer without any counted as one; when there are more all are forgotten. This bounds what a
/// connection holds, however long nobody commits.
const KEPT: usize = 8192;
/// Longer answers are pages of lists, which nobody asks for twice.
const ROWS: usize = 64;

#[derive(Default)]
pub(super) struct Memo {
    version: i64,
    rows: usize,
    known: HashMap<Vec<u8>, Box<dyn Any + Send>>,
}

impl Memo {
    /// Goes on to the state of `version`.
    pub(super) fn see(&mut self, version: i64) {
        if self.version != version {
            self.forget();
            self.version = version;
        }
    }
    /// The answer to a question, if it is known.
    pub(super) fn recall<T: Clone + 'static>(&self, question: &[u8]) -> Option<Vec<T>> {
        self.known.get(question)?.downcast_ref::<Vec<T>>().cloned()
    }
    /// Remembers an answer.
    pub(super) fn keep<T: Clone + Send + 'static>(&mut self, question: Vec<u8>, answer: &[T]) {
        if answer.len() > ROWS {
            return;
        }
        let rows = answer.len().max(1);
        if self.rows.saturating_add(rows) > KEPT {
            self.forget();
        }
        self.rows += rows;
        self.known.insert(question, Box::new(answer.to_vec()));
    }
    fn forget(&mut self) {
        self.known.clear();
        self.rows = 0;
    }
}

/// A statement and its parameters as one key. Statements are told apart by where their text lies.
pub(super) fn question(sql: &'static str, given: &[Value]) -> Vec<u8> {
    let mut key = Vec::with_capacity(64);
    key.extend((sql.as_ptr() as usize).to_ne_bytes());
    key.extend(sql.len().to_ne_bytes());
    for value in given {
        let (kind, bytes): (u8, &[u8]) = match value {
            Value::Null => (0, &[]),
            Value::Integer(n) => (1, &n.to_ne_bytes()),
            Value::Real(n) => (2, &n.to_bits().to_ne_bytes()),
            Value::Text(text) => (3, text.as_bytes()),
            Value::Blob(bytes) => (4, bytes),
        };
        key.push(kind);
        key.extend(bytes.len().to_ne_bytes());
        key.extend(bytes);
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_counts_for_its_question_and_its_version_alone() {
        const SQL: &str = "SELECT 1";
        let text = |text: &str| Value::Text(text.into());
        let asked = question(SQL, &[text("a"), text("bc")]);
        let mut memo = Memo::default();
        memo.see(1);
        memo.keep(asked.clone(), &[7_i64]);
        assert_eq!(memo.recall::<i64>(&asked), Some(vec![7]));
        assert_eq!(memo.recall::<u8>(&asked), None);
        for other in [&[text("ab"), text("c")][..], &[text("a")], &[text("a"), Value::Blob(b"bc".to_vec())], &[]] {
            assert_eq!(memo.recall::<i64>(&question(SQL, other)), None);
        }
        assert_eq!(memo.recall::<i64>(&question("SELECT 2", &[text("a"), text("bc")])), None);
        memo.see(1);
        assert!(memo.recall::<i64>(&asked).is_some());
        memo.see(2);
        assert!(memo.recall::<i64>(&asked).is_none());
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut memo = Memo::default();
        memo.keep(vec![0], &[0_u8; ROWS + 1]);
        assert!(memo.known.is_empty());
        for n in 0..3 * KEPT {
            memo.keep(n.to_ne_bytes().to_vec(), &[n]);
        }
        assert!(memo.known.len() <= KEPT);
        for n in 0..KEPT {
            memo.keep(n.to_ne_bytes().to_vec(), &[0_u8; ROWS]);
        }
        assert!(memo.known.len() <= KEPT / ROWS, "pages count by their rows");
        memo.see(7);
        assert_eq!(memo.rows, 0);
    }
}
