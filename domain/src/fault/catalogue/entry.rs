//! One entry of the catalogue: all that is known of a code.

/// When a code is raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Raised {
    /// At discovery, registration or when protection is configured.
    Configure,
    /// In a backup.
    Backup,
    /// In a restore.
    Restore,
    /// At any other change, mostly as the answer to the request.
    Manage,
}

impl Raised {
    /// The word that people read.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Configure => "configure",
            Self::Backup => "backup",
            Self::Restore => "restore",
            Self::Manage => "manage",
        }
    }
}

/// How much the rulebook asks of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Must be raised as the service does.
    Must,
    /// Should be.
    Should,
    /// Is only listed: nothing here need raise it.
    Listed,
}

impl Level {
    /// The rulebook's number.
    pub fn number(self) -> u8 {
        match self {
            Self::Must => 1,
            Self::Should => 2,
            Self::Listed => 3,
        }
    }
}

/// Whose failure it is: what health calls degraded or unhealthy (rulebook 7.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The user's to cure: Degraded.
    User,
    /// The service's: Unhealthy.
    Service,
}

/// How the emulator is made to raise a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provoke {
    /// With these keys (a JSON object) in the body of `PUT /emulator/servers/{name}`.
    Server(&'static str),
    /// With these keys in an instance of that body.
    Instance(&'static str),
    /// With these keys in a database of that body.
    Database(&'static str),
    /// With a request of its own: method, path, JSON body (empty for none).
    Request(&'static str, &'static str, &'static str),
    /// By ordinary use alone.
    Steps,
    /// Not at all.
    Never,
}

/// A code of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The number that clients print; 0 for one that only ever refuses a request.
    pub number: i64,
    /// The word: `errorTitle` of a job, `code` of a refusal.
    pub code: &'static str,
    /// A few words for people.
    pub title: &'static str,
    /// What happened.
    pub text: &'static str,
    /// What to do.
    pub recommendations: &'static [&'static str],
    /// When it is raised.
    pub raised: &'static [Raised],
    /// How much the rulebook asks of it.
    pub level: Level,
    /// Whose failure it is.
    pub side: Side,
    /// Whether rsvault has made it up, because the service's word is not known.
    pub own: bool,
    /// How the emulator is made to raise it.
    pub provoke: Provoke,
    /// The same in words: what to do before and after.
    pub how: &'static str,
}

impl Entry {
    pub(super) const fn new(
        number: i64,
        code: &'static str,
        title: &'static str,
        text: &'static str,
        recommendations: &'static [&'static str],
    ) -> Self {
        Self {
            number,
            code,
            title,
            text,
            recommendations,
            raised: &[],
            level: Level::Listed,
            side: Side::User,
            own: false,
            provoke: Provoke::Never,
            how: "The emulator does not raise it.",
        }
    }
    pub(super) const fn must(self, raised: &'static [Raised]) -> Self {
        Self { level: Level::Must, raised, ..self }
    }
    pub(super) const fn should(self, raised: &'static [Raised]) -> Self {
        Self { level: Level::Should, raised, ..self }
    }
    pub(super) const fn listed(self, raised: &'static [Raised]) -> Self {
        Self { level: Level::Listed, raised, ..self }
    }
    pub(super) const fn by(self, provoke: Provoke, how: &'static str) -> Self {
        Self { provoke, how, ..self }
    }
    pub(super) const fn steps(self, how: &'static str) -> Self {
        self.by(Provoke::Steps, how)
    }
    /// The service's failure.
    pub(super) const fn service(self) -> Self {
        Self { side: Side::Service, ..self }
    }
    /// rsvault's own word.
    pub(super) const fn own(self) -> Self {
        Self { own: true, ..self }
    }

    /// Whether a scheduled backup that fails with it is followed by a full that mends the chain.
    pub fn heals(&self) -> bool {
        crate::backup::heal::heals(self.code)
    }
}
