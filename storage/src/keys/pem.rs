//! PEM, both ways. Text may hold a private key, so it is wiped when dropped.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

/// Wraps `der`.
pub(super) fn encode(der: &[u8], label: &str) -> Zeroizing<String> {
    let body = Zeroizing::new(STANDARD.encode(der));
    // Room for all of it at once: growing would leave copies behind.
    let mut text = Zeroizing::new(String::with_capacity(body.len() + body.len() / 64 + 2 * label.len() + 64));
    text.push_str(&format!("-----BEGIN {label}-----\n"));
    for line in body.as_bytes().chunks(64) {
        text.extend(line.iter().map(|b| char::from(*b)));
        text.push('\n');
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

/// Unwraps the first block of `label`.
pub(super) fn decode(text: &str, label: &str) -> Option<Zeroizing<Vec<u8>>> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let body = Zeroizing::new(body.bytes().filter(|b| !b.is_ascii_whitespace()).collect::<Vec<u8>>());
    STANDARD.decode(&*body).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pem_round_trips_whatever_the_length() {
        for length in [0, 1, 47, 48, 49, 1000] {
            let der = vec![7; length];
            let text = encode(&der, "PUBLIC KEY");
            assert!(text.lines().all(|line| line.len() <= 64));
            assert_eq!(*decode(&text, "PUBLIC KEY").unwrap(), der);
            assert!(decode(&text, "PRIVATE KEY").is_none());
        }
    }
}
