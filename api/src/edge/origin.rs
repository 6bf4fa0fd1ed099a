//! Under which URLs the server is known: the one rule behind token audiences, issuers and every
//! link in an answer. While the server listens on loopback, any loopback host with any port is
//! right (clients come through proxies); otherwise only the configured public URLs are. A `Host`
//! that breaks the rule is never echoed, so a foreign page cannot rebind a name to a loopback
//! server and reach the surfaces that ask for no token.

use crate::EdgeSettings;
use axum::http::request::Parts;
use http::uri::Authority;
use rsvault_domain::{Fault, FaultKind};

/// Whether the request came over plain HTTP: the listener says so by an [`http::uri::Scheme`]
/// extension. Without one, TLS is taken for granted.
pub(crate) fn is_plain(extensions: &http::Extensions) -> bool {
    extensions.get::<http::uri::Scheme>() == Some(&http::uri::Scheme::HTTP)
}

/// Whether `host` names this machine for sure.
fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.').to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost") || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

impl EdgeSettings {
    /// Whether `url` is one of the server's own https URLs (with any path below it).
    pub fn owns(&self, url: &str) -> bool {
        let Some(rest) = strip_scheme(url, "https") else { return false };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
        let Ok(authority) = authority.parse::<Authority>() else { return false };
        if authority.as_str().contains('@') {
            return false;
        }
        if self.loopback {
            return is_loopback(authority.host());
        }
        self.public_urls.iter().any(|public| {
            let public = public.trim_end_matches('/');
            url.get(..public.len()).is_some_and(|head| head.eq_ignore_ascii_case(public))
                && url.get(public.len()..).is_some_and(|tail| tail.is_empty() || tail.starts_with('/'))
        })
    }

    /// The base URL, without a trailing slash, that answers to this request put into their links.
    pub fn base_url(&self, parts: &Parts) -> Result<String, Fault> {
        let header = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok()).map(|v| v.split(',').next().unwrap_or("").trim());
        let host =
            header("x-forwarded-host").or_else(|| header("host")).or_else(|| parts.uri.authority().map(Authority::as_str)).unwrap_or("");
        let plain = is_plain(&parts.extensions);
        let scheme = match header("x-forwarded-proto") {
            Some(proto) if proto.eq_ignore_ascii_case("http") => "http",
            Some(proto) if proto.eq_ignore_ascii_case("https") => "https",
            _ if plain => "http",
            _ => "https",
        };
        let authority = host.parse::<Authority>().ok().filter(|a| !a.as_str().contains('@'));
        if self.loopback {
            return match authority {
                Some(a) if is_loopback(a.host()) => Ok(format!("{scheme}://{a}")),
                _ => Err(Fault::new(
                    FaultKind::Invalid,
                    "InvalidHost",
                    "The Host header does not name this server. It listens on loopback: call it as localhost, 127.0.0.1 or [::1], or start it with a --public-url.",
                )),
            };
        }
        let named = authority.and_then(|a| {
            self.public_urls.iter().find(|url| {
                let rest = strip_scheme(url, "https").or_else(|| strip_scheme(url, "http")).unwrap_or(url);
                rest.split('/').next().is_some_and(|own| own.eq_ignore_ascii_case(a.as_str()))
            })
        });
        let url = named.or(self.public_urls.first()).map_or("https://localhost", String::as_str);
        Ok(url.trim_end_matches('/').to_owned())
    }
}

fn strip_scheme<'a>(url: &'a str, scheme: &str) -> Option<&'a str> {
    let (have, rest) = url.split_once("://")?;
    have.eq_ignore_ascii_case(scheme).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loopback() -> EdgeSettings {
        EdgeSettings { emulator: true, loopback: true, public_urls: Vec::new(), recorder: None }
    }
    fn public() -> EdgeSettings {
        EdgeSettings {
            emulator: true,
            loopback: false,
            public_urls: vec!["https://vault.example:8443/".into(), "https://other.example".into()],
            recorder: None,
        }
    }
    fn base(edge: &EdgeSettings, headers: &[(&str, &str)]) -> Result<String, Fault> {
        let mut request = http::Request::builder().uri("/x");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        edge.base_url(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn on_loopback_any_port_of_a_loopback_host_is_ours() {
        for url in ["https://localhost:1", "HTTPS://127.0.0.1", "https://[::1]:8443/", "https://127.9.9.9:2/arm"] {
            assert!(loopback().owns(url), "{url}");
        }
        for url in [
            "http://localhost:1",
            "https://example.com",
            "https://localhost@evil.example/",
            "https://localhost.evil.example",
            "localhost",
            "",
        ] {
            assert!(!loopback().owns(url), "{url}");
        }
    }

    #[test]
    fn elsewhere_only_public_urls_are_ours() {
        assert!(
            public().owns("https://vault.example:8443")
                && public().owns("https://VAULT.example:8443/")
                && public().owns("https://other.example/x")
        );
        for url in ["https://localhost:8443", "https://vault.example", "https://vault.example:84430", "https://other.example.evil"] {
            assert!(!public().owns(url), "{url}");
        }
    }

    #[test]
    fn links_follow_the_forwarded_host_under_the_same_rule() {
        assert_eq!(base(&loopback(), &[("host", "127.0.0.1:1")]).unwrap(), "https://127.0.0.1:1");
        assert_eq!(
            base(&loopback(), &[("host", "127.0.0.1:1"), ("x-forwarded-host", "localhost:9"), ("x-forwarded-proto", "http")]).unwrap(),
            "http://localhost:9"
        );
        assert_eq!(base(&loopback(), &[("host", "rebound.example")]).unwrap_err().code, "InvalidHost");
        assert_eq!(base(&public(), &[("host", "other.example")]).unwrap(), "https://other.example");
        assert_eq!(base(&public(), &[("host", "10.0.0.1")]).unwrap(), "https://vault.example:8443");
    }
}
