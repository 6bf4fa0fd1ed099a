//! The settings of a server, and the one precedence by which they are found: flags, then
//! environment, then file, then defaults.
//!
//! Always holds: what cannot be used is refused with the name of the setting and the place it came
//! from; an unknown key is an error; URLs are shown without their password.

mod overrides;

pub(crate) use overrides::Overrides;

use crate::exit::{Failure, Outcome};
use figment::Figment;
use figment::providers::{Format, Serialized, Toml};
use jiff::SignedDuration;
use rsvault_api::arm::SoftDeleteOff;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The data folder unless said otherwise.
pub(crate) const DEFAULT_DATA: &str = "./rsvault-data";

/// How far Azure lets the secondary region be behind (rulebook 4.5).
const AZURE_LAG_MINUTES: u32 = 12 * 60;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// All settings, complete.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// Where to listen.
    pub(crate) listen: SocketAddr,
    /// Folder of keys, certificates and, by default, of the catalogue and the objects.
    pub(crate) data: PathBuf,
    /// `sqlite:PATH` or `postgres://…`.
    pub(crate) database: Option<String>,
    /// `file:PATH`.
    pub(crate) objects: Option<String>,
    /// `file:PATH` of the second region.
    pub(crate) secondary_objects: Option<String>,
    /// What the second region is called for vaults whose own region Azure pairs with none.
    pub(crate) secondary_region: Option<String>,
    /// Minutes after its commit at which a point is shown in the second region at the earliest.
    pub(crate) secondary_lag_minutes: Option<u32>,
    /// Whether simulated servers, built-in sign-in and `/emulator` exist.
    pub(crate) emulator: bool,
    /// Seed file.
    pub(crate) seed: Option<PathBuf>,
    /// File to which the requests of the ARM surface are recorded.
    pub(crate) record: Option<PathBuf>,
    /// URLs under which clients reach the server.
    pub(crate) public_url: Vec<String>,
    /// Log format.
    pub(crate) log: LogFormat,
    /// Log filter (`info,rsvault_engine=debug`).
    pub(crate) log_filter: String,
    /// Connections served at once.
    pub(crate) max_connections: u32,
    /// Who may switch soft delete off.
    pub(crate) soft_delete_off: SoftDeleteOff,
    /// The file they came from, if any.
    #[serde(skip)]
    pub(crate) file: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8443)),
            data: DEFAULT_DATA.into(),
            database: None,
            objects: None,
            secondary_objects: None,
            secondary_region: None,
            secondary_lag_minutes: None,
            emulator: false,
            seed: None,
            record: None,
            public_url: Vec::new(),
            log: LogFormat::Text,
            log_filter: "info".to_owned(),
            max_connections: 1024,
            soft_delete_off: SoftDeleteOff::default(),
            file: None,
        }
    }
}

impl Settings {
    /// Puts them together. `overrides` holds flags and environment, which clap has ordered already.
    pub(crate) fn load(overrides: &Overrides) -> Outcome<Self> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        let file = Self::file(overrides)?;
        if let Some((path, implied)) = &file {
            let text = std::fs::read_to_string(path)
                .map_err(|e| Failure::configuration(format!("cannot read the settings file {}: {e}. Check --config.", path.display())))?;
            if *implied && toml::from_str::<toml::Table>(&text).is_ok_and(|table| table.contains_key("data")) {
                return Err(Failure::configuration(format!(
                    "{} sets 'data', but it was found through the data folder. Remove the key, or name the file with --config.",
                    path.display()
                )));
            }
            figment = figment.merge(Toml::string(&text));
        }
        figment = figment.merge(Serialized::defaults(overrides));
        let mut settings: Self = figment.extract().map_err(|errors| {
            let place = file.as_ref().map(|(path, _)| format!(" (file {})", path.display())).unwrap_or_default();
            let lines: Vec<String> = errors.into_iter().map(|e| e.to_string()).collect();
            Failure::configuration(format!("settings{place}: {}", lines.join("; ")))
        })?;
        settings.file = file.map(|(path, _)| path);
        settings.check()?;
        Ok(settings)
    }

    /// The settings file, and whether it was found rather than named.
    fn file(overrides: &Overrides) -> Outcome<Option<(PathBuf, bool)>> {
        if let Some(path) = &overrides.config {
            return Ok(Some((path.clone(), false)));
        }
        let path = overrides.data.as_deref().unwrap_or(Path::new(DEFAULT_DATA)).join("rsvault.toml");
        Ok(path.is_file().then_some((path, true)))
    }

    fn check(&self) -> Outcome<()> {
        let refuse = |message: String| Err(Failure::configuration(message));
        if let Some(url) = &self.database
            && !["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme))
        {
            return refuse("setting 'database' must be sqlite:PATH or postgres://…".to_owned());
        }
        for (name, url) in [("objects", &self.objects), ("secondary_objects", &self.secondary_objects)] {
            if let Some(url) = url
                && !url.starts_with("file:")
            {
                return refuse(format!(
                    "setting '{name}' is '{}'; this version stores objects under file:PATH only.",
                    without_password(url)
                ));
            }
        }
        if self.secondary_objects.as_deref().is_some_and(|url| folder_of(url) == folder_of(&self.objects_url())) {
            return refuse("setting 'secondary_objects' names the folder of 'objects'; a copy beside the original is none. Name another place, best on another machine.".to_owned());
        }
        if self.secondary_objects_url().is_none() && (self.secondary_region.is_some() || self.secondary_lag_minutes.is_some()) {
            return refuse("settings 'secondary_region' and 'secondary_lag_minutes' need 'secondary_objects': say where the second region stores, or leave them out.".to_owned());
        }
        if self
            .secondary_region
            .as_deref()
            .is_some_and(|name| name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || " -_".contains(c)))
        {
            return refuse("setting 'secondary_region' must be a name of letters, digits, blanks, '-' and '_'.".to_owned());
        }
        for url in &self.public_url {
            let uri: Option<http::Uri> = url.parse().ok();
            let good = uri.is_some_and(|u| u.scheme_str() == Some("https") && u.host().is_some() && u.query().is_none() && u.path() == "/");
            if !good {
                return refuse(format!("setting 'public_url': '{url}' must be https://HOST[:PORT] without a path; az refuses plain http."));
            }
        }
        if !self.listen.ip().is_loopback() && self.public_url.is_empty() {
            return refuse(format!(
                "setting 'listen' is {}, which other machines reach, but no 'public_url' says under which name. Add --public-url https://HOST:{}.",
                self.listen,
                self.listen.port()
            ));
        }
        if self.seed.is_some() && !self.emulator {
            return refuse("setting 'seed' needs 'emulator': add --emulator, or leave the seed out.".to_owned());
        }
        if self.record.is_some() && !self.emulator {
            return refuse("setting 'record' needs 'emulator': what real clients send is not written down. Leave it out.".to_owned());
        }
        if self.max_connections == 0 {
            return refuse("setting 'max_connections' is 0; allow at least 1.".to_owned());
        }
        Ok(())
    }

    /// URL of the catalogue database.
    pub(crate) fn database_url(&self) -> String {
        self.database.clone().unwrap_or_else(|| format!("sqlite:{}", self.data.join("catalogue.db").display()))
    }
    /// URL of the object store.
    pub(crate) fn objects_url(&self) -> String {
        self.objects.clone().unwrap_or_else(|| format!("file:{}", self.data.join("objects").display()))
    }
    /// URL of the second region's object store: with the emulator there is one always.
    pub(crate) fn secondary_objects_url(&self) -> Option<String> {
        let own = || self.emulator.then(|| format!("file:{}", self.data.join("secondary-objects").display()));
        self.secondary_objects.clone().or_else(own)
    }
    /// How long after its commit a point is shown in the second region at the earliest: what Azure promises
    /// where Azure is emulated, no longer than the copy takes elsewhere.
    pub(crate) fn secondary_lag(&self) -> SignedDuration {
        let minutes = self.secondary_lag_minutes.unwrap_or(if self.emulator { AZURE_LAG_MINUTES } else { 0 });
        SignedDuration::from_mins(minutes.into())
    }
    /// Folder of certificates.
    pub(crate) fn tls_dir(&self) -> PathBuf {
        self.data.join("tls")
    }
    /// Folder of the vaults' keys.
    pub(crate) fn key_dir(&self) -> PathBuf {
        self.data.join("keys")
    }
    /// Folder of the simulated servers.
    pub(crate) fn emulator_dir(&self) -> PathBuf {
        self.data.join("emulator")
    }
    /// Where the emulator's clock goes on from.
    pub(crate) fn clock_file(&self) -> PathBuf {
        self.emulator_dir().join("clock.json")
    }
}

/// The folder that a URL names.
fn folder_of(url: &str) -> &Path {
    let path = url.strip_prefix("file:").unwrap_or(url);
    Path::new(path.strip_prefix("//").unwrap_or(path))
}

/// A URL as it may be shown.
pub(crate) fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let authority = match authority.rsplit_once('@') {
        Some((user, host)) => format!("{}@{host}", user.split(':').next().unwrap_or_default()),
        None => authority.to_owned(),
    };
    // A password may also come as a parameter.
    let path = path.split('?').next().unwrap_or_default();
    format!("{scheme}://{authority}{path}")
}

#[cfg(test)]
mod tests;
