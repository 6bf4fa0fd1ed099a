//! What people read of a failed job.

use super::catalogue::CATALOGUE;

/// An error of a job as people see it: from the catalogue (rulebook 9), with number, title, text
/// and recommendations.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct JobFault {
    /// The number `az` prints as `errorCode`.
    pub number: i64,
    /// The catalogue code, shown as `errorTitle` (`UserErrorSQLPODoesNotExist`).
    pub code: String,
    /// What happened.
    pub message: String,
    /// What to do.
    pub recommendations: Vec<String>,
}

impl JobFault {
    /// A catalogue entry by code. Numbers: those Azure was seen to use; others are rsvault's own
    /// (stable, from 520900 on).
    pub fn catalogue(code: &str, detail: impl Into<String>) -> Self {
        let (number, text, recommendation) = CATALOGUE
            .iter()
            .find(|(c, ..)| *c == code)
            .map_or((520_999, "The operation failed.", "See the details and try again."), |(_, n, t, r)| (*n, *t, *r));
        let detail = detail.into();
        let message = if detail.is_empty() { text.to_owned() } else { format!("{text} {detail}") };
        Self { number, code: code.to_owned(), message, recommendations: vec![recommendation.to_owned()] }
    }
}
