//! How to sign in with `az`, and the principal of the built-in seed.

use crate::exit::{Failure, Outcome};
use crate::house::House;
use std::io::Write;

/// Tells the principal of the built-in seed and, with `steps`, the exact lines to type. Secrets of
/// an own seed are never shown.
pub(super) fn tell(house: &House, steps: bool) -> Outcome<()> {
    let Some(seed) = &house.seed else { return Ok(()) };
    let Some(principal) = seed.principals.first() else { return Ok(()) };
    let built_in = house.settings.seed.is_none();
    let secret = if built_in { principal.secret.as_str() } else { "<its secret>" };
    let mut err = std::io::stderr().lock();
    let mut say = |line: String| writeln!(err, "{line}").map_err(|e| Failure::run(format!("cannot write to standard error: {e}")));
    if built_in && !house.address.ip().is_loopback() {
        tracing::warn!("everyone knows the secret of the built-in principal, and other machines reach this server: give an own --seed");
    }
    if built_in {
        say(format!("default principal: id {}, secret {secret}, role {}", principal.id, principal.role))?;
    }
    if !steps {
        return Ok(());
    }
    let base = house.url();
    let ca = house.settings.tls_dir().join("ca.pem");
    let ca = ca.canonicalize().unwrap_or(ca);
    say(format!(
        "\nSign in with the Azure CLI from another shell:\n\
         \x20 export REQUESTS_CA_BUNDLE={} AZURE_CONFIG_DIR=$(mktemp -d) AZURE_CORE_COLLECT_TELEMETRY=0\n\
         \x20 az cloud register -n rsvault --endpoint-resource-manager {base} --endpoint-active-directory {base}/adfs --endpoint-active-directory-resource-id {base} --skip-endpoint-discovery\n\
         \x20 az cloud set -n rsvault\n\
         \x20 az login --service-principal -u {} -p {} --tenant {}\n",
        quote(&ca.display().to_string()),
        quote(&principal.id),
        if built_in { quote(secret) } else { secret.to_owned() },
        principal.tenant.unwrap_or(seed.subscriptions[0].tenant),
    ))
}

fn quote(word: &str) -> String {
    let plain = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "/._-:".contains(c));
    if plain { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}
