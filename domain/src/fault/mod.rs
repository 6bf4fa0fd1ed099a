//! The one error type of the house. A [`Fault`] says what went wrong in terms the caller can act
//! on (`code`, `message`, `target`) and, apart from that, what only the log may see (`internal`).
//!
//! Always holds: the internal part is never displayed and never serialised; the public message
//! names the field, the rule and the cure. The edge maps [`FaultKind`] to a status code once.

pub mod catalogue;
pub mod codes;
mod job;

pub use catalogue::catalogue_codes;
pub use job::JobFault;

use std::borrow::Cow;
use std::fmt;

/// What kind of answer a fault is. The edge turns each into one HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// The request breaks a rule (400).
    Invalid,
    /// No valid token (401).
    Unauthenticated,
    /// A valid token without the right (403).
    Forbidden,
    /// The thing does not exist (404).
    NotFound,
    /// The thing is in a state that forbids this (409).
    Conflict,
    /// A generation, lease or precondition is stale (412).
    Stale,
    /// The body is larger than the rule allows (413).
    TooLarge,
    /// Part of Azure's surface that rsvault does not serve yet (400, typed).
    Unsupported,
    /// Too many requests (429).
    Throttled,
    /// The vault cannot serve now, e.g. its disk is full (503).
    Unavailable,
    /// A defect or a broken store (500). Never caused by what a client can send.
    Internal,
}

/// An error with a public and a private half.
#[derive(Clone)]
pub struct Fault {
    /// Which answer it is.
    pub kind: FaultKind,
    /// Stable machine word: Azure's own code where one is known.
    pub code: Cow<'static, str>,
    /// For the caller: field, rule, cure.
    pub message: String,
    /// Path of the field at fault, if there is one (`properties.policyId`).
    pub target: Option<String>,
    /// Whether the same request may succeed later unchanged.
    pub retryable: bool,
    internal: Option<String>,
    details: Box<[Fault]>,
}

/// Result with a [`Fault`].
pub type Result<T, E = Fault> = std::result::Result<T, E>;

impl Fault {
    /// A fault of `kind` with a stable code and a message for the caller.
    pub fn new(kind: FaultKind, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            kind,
            code: code.into(),
            message: message.into(),
            target: None,
            retryable: matches!(kind, FaultKind::Throttled | FaultKind::Unavailable | FaultKind::Internal),
            internal: None,
            details: Box::default(),
        }
    }
    /// One fault of several: the only one itself, or one that counts them and has them as its [`Self::details`], with the
    /// kind, code and field of the first. `Ok` if there is none.
    pub fn all(mut faults: Vec<Fault>) -> Result<()> {
        if faults.len() < 2 {
            return faults.pop().map_or(Ok(()), Err);
        }
        let first = &faults[0];
        let texts: Vec<&str> = faults.iter().map(|fault| fault.message.as_str()).collect();
        let message = format!("{} things are wrong: {}", faults.len(), texts.join(" "));
        let mut whole = Self::new(first.kind, first.code.clone(), message);
        whole.target.clone_from(&first.target);
        Err(whole.with_details(faults))
    }
    /// [`FaultKind::Invalid`] with the given code.
    pub fn invalid(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(FaultKind::Invalid, code, message)
    }
    /// [`FaultKind::NotFound`] with the given code.
    pub fn not_found(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(FaultKind::NotFound, code, message)
    }
    /// [`FaultKind::Conflict`] with the given code.
    pub fn conflict(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(FaultKind::Conflict, code, message)
    }
    /// A defect or broken store: the caller sees only a code, the log sees `internal`.
    pub fn internal(internal: impl fmt::Display) -> Self {
        Self::new(
            FaultKind::Internal,
            "InternalServerError",
            "An internal error occurred. Retry; if it persists, look up the request id in the server's log.",
        )
        .because(internal)
    }
    /// Names the field at fault.
    #[must_use]
    pub fn at(mut self, target: impl Into<String>) -> Self {
        self.target = Some(target.into());
        self
    }
    /// Adds the single faults that this one sums up.
    #[must_use]
    pub fn with_details(mut self, details: Vec<Fault>) -> Self {
        self.details = details.into();
        self
    }
    /// The single faults that this one sums up; empty if it stands for itself.
    pub fn details(&self) -> &[Fault] {
        &self.details
    }
    /// Adds what only the log may see.
    #[must_use]
    pub fn because(mut self, internal: impl fmt::Display) -> Self {
        self.internal = Some(internal.to_string());
        self
    }
    /// The private half, for the log alone.
    pub fn internal_detail(&self) -> Option<&str> {
        self.internal.as_deref()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}) {}", self.code, self.message)
    }
}
impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fault {{ {:?} {} {:?} internal: {:?} }}", self.kind, self.code, self.message, self.internal)
    }
}
impl std::error::Error for Fault {}
