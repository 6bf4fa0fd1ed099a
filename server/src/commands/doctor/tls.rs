//! Certificates: dates, names, rights of the keys.

use super::finding::Finding;
use crate::clock::SystemClock;
use crate::house::certificate_hosts;
use crate::settings::Settings;
use crate::tls::read_validity;
use jiff::SignedDuration;
use rsvault_domain::ports::Clock;
use std::os::unix::fs::PermissionsExt;

const SOON: SignedDuration = SignedDuration::from_hours(24 * 60);

pub(super) fn check(settings: &Settings) -> Vec<Finding> {
    let dir = settings.tls_dir();
    if !dir.join("ca.pem").exists() {
        return vec![Finding::warn("TLS", "no certificates yet", "Start 'rsvault serve', which makes them.")];
    }
    let mut findings: Vec<Finding> =
        [("TLS authority", "ca"), ("TLS certificate", "leaf")].into_iter().map(|(name, file)| dates(name, &dir.join(file))).collect();
    if let Ok(leaf) = read_validity(&dir.join("leaf.pem"))
        && let Some(missing) =
            certificate_hosts(settings).iter().find(|host| !leaf.names.contains(&host.trim_matches(['[', ']']).to_lowercase()))
    {
        findings.push(Finding::warn(
            "TLS names",
            format!("the certificate does not bear '{missing}'"),
            "Restart the server: it makes a new one.",
        ));
    }
    findings
}

fn dates(name: &'static str, stem: &std::path::Path) -> Finding {
    let (certificate, key) = (stem.with_extension("pem"), stem.with_extension("key"));
    match std::fs::metadata(&key).map(|m| m.permissions().mode() & 0o777) {
        Ok(mode) if mode & 0o077 != 0 => {
            return Finding::wrong(
                name,
                format!("{} is open to others (mode {mode:o})", key.display()),
                format!("Run: chmod 600 {}", key.display()),
            );
        }
        Err(error) => {
            return Finding::wrong(
                name,
                format!("{}: {error}", key.display()),
                "Bring the key back, or remove the tls folder to start anew.",
            );
        }
        Ok(_) => {}
    }
    let validity = match read_validity(&certificate) {
        Ok(validity) => validity,
        Err(error) => return Finding::wrong(name, error.to_string(), "Bring the file back, or remove the tls folder to start anew."),
    };
    let now = SystemClock.now();
    let found = format!("valid from {} until {}", validity.from, validity.until);
    if now < validity.from {
        Finding::wrong(name, format!("{found}: not yet"), "Set the system's clock right.")
    } else if now >= validity.until {
        Finding::wrong(
            name,
            format!("{found}: expired"),
            "Restart the server for a new certificate; for an authority remove the tls folder, and let clients trust the new ca.pem.",
        )
    } else if now + SOON > validity.until && name.ends_with("authority") {
        Finding::warn(name, found, "Plan to remove the tls folder and to let clients trust the new ca.pem.")
    } else {
        Finding::good(name, found)
    }
}
