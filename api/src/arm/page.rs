//! Query parameters of the surface, and pages: an absolute `nextLink` that repeats the request's own
//! query with the cursor in `$skipToken`. The last page has none.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Uri;
use rsvault_domain::Fault;
use rsvault_domain::fault::Result;
use rsvault_domain::ports::Page;
use serde::Deserialize;
use utoipa::IntoParams;

/// The query of every request.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct VersionQuery {
    /// Version of the API; any well-formed one is accepted.
    #[serde(rename = "api-version")]
    #[param(required = true)]
    pub(crate) api_version: Option<String>,
}

/// The query of a list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Version of the API; any well-formed one is accepted.
    #[serde(rename = "api-version")]
    #[param(required = true)]
    pub(crate) _api_version: Option<String>,
    /// Terms `key eq 'value'` joined by `and`.
    #[serde(rename = "$filter")]
    pub(crate) filter: Option<String>,
    /// Where to go on; comes from `nextLink`.
    #[serde(rename = "$skipToken", alias = "$skiptoken")]
    pub(crate) skip_token: Option<String>,
}

impl ListQuery {
    /// The page asked for.
    pub(crate) fn page(&self) -> Result<Page> {
        let after = match self.skip_token.as_deref() {
            None | Some("") => None,
            Some(token) => Some(URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(|| {
                Fault::invalid(
                    "InvalidSkipToken",
                    "The $skipToken was not made by this server. Follow the nextLink of the page before, or start without a token.",
                )
                .at("$skipToken")
            })?),
        };
        Ok(Page { after, limit: 0 })
    }
}

/// The link to the page after `cursor`: this request with its `$skipToken` replaced.
pub(crate) fn next_link(base_url: &str, uri: &Uri, cursor: Option<&str>) -> Option<String> {
    let token = URL_SAFE_NO_PAD.encode(cursor?);
    let kept = uri.query().unwrap_or_default().split('&').filter(|pair| {
        let key = pair.split('=').next().unwrap_or_default().replace("%24", "$");
        !pair.is_empty() && !key.eq_ignore_ascii_case("$skiptoken")
    });
    let query = kept.map(str::to_owned).chain([format!("$skipToken={token}")]).collect::<Vec<_>>().join("&");
    Some(format!("{base_url}{}?{query}", uri.path()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_link_keeps_the_query_and_carries_the_cursor() {
        let uri: Uri = "/a/b%3Bc?api-version=1&%24filter=x+eq+%27y%27&%24skiptoken=old".parse().unwrap();
        let link = next_link("https://h:1", &uri, Some("cur/sor")).unwrap();
        let token = link.strip_prefix("https://h:1/a/b%3Bc?api-version=1&%24filter=x+eq+%27y%27&$skipToken=").unwrap();
        let query = ListQuery { skip_token: Some(token.to_owned()), ..ListQuery::default() };
        assert_eq!(query.page().unwrap().after.as_deref(), Some("cur/sor"));
        assert_eq!(next_link("https://h:1", &uri, None), None);
    }

    #[test]
    fn a_foreign_token_is_refused() {
        let query = ListQuery { skip_token: Some("%%%".into()), ..ListQuery::default() };
        assert_eq!(query.page().unwrap_err().target.as_deref(), Some("$skipToken"));
    }
}
