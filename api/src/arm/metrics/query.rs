//! What is asked of metrics, checked: which, of when, in which steps, split by which dimensions.
//!
//! Always holds: what cannot be answered in full is refused by field, with the cure; nothing is left out
//! of an answer in silence.

use crate::arm::filter::Filter;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use percent_encoding::percent_decode_str;
use rsvault_domain::Fault;
use rsvault_domain::fault::Result;
use rsvault_domain::health::HealthMetric;
use serde::Deserialize;
use utoipa::IntoParams;

/// The longest time that one question covers: as long as events are kept.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 93);
/// The most values that a series has: a day of minutes.
const MOST_VALUES: i64 = 1_440;
/// The dimensions of Azure's two metrics.
pub(crate) const DIMENSIONS: [&str; 5] = ["dataSourceURL", "backupInstanceUrl", "dataSourceType", "healthStatus", "backupInstanceName"];

/// What is asked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MetricsQuery {
    /// Version of the API; any well-formed one is accepted.
    #[serde(rename = "api-version")]
    #[param(required = true)]
    pub(crate) _api_version: Option<String>,
    /// `BackupHealthEvent`, `RestoreHealthEvent`, or both, separated by a comma; both unless said.
    pub(crate) metricnames: Option<String>,
    /// `start/end`, RFC 3339, UTC unless said; the last day unless sent.
    pub(crate) timespan: Option<String>,
    /// ISO 8601 duration of one value; `P1D` unless said.
    pub(crate) interval: Option<String>,
    /// Terms `dimension eq 'value'` joined by `and`; `'*'` for any. Series are split by the dimensions named.
    #[serde(rename = "$filter")]
    pub(crate) filter: Option<String>,
    /// `Count`, the one that these metrics have.
    pub(crate) aggregation: Option<String>,
}

/// What is asked for, checked.
pub(crate) struct Wanted {
    pub(crate) metrics: Vec<HealthMetric>,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    pub(crate) interval: SignedDuration,
    filter: Filter,
}

impl Wanted {
    /// Whether series are split by a dimension.
    pub(crate) fn names(&self, dimension: &str) -> bool {
        self.filter.get(dimension).is_some()
    }
    /// Whether events with this value count.
    pub(crate) fn admits(&self, dimension: &str, value: &str) -> bool {
        self.filter.get(dimension) == Some("*") || self.filter.admits(dimension, value)
    }
    /// Values of a series.
    pub(crate) fn slots(&self) -> i64 {
        let step = self.interval.as_secs().max(1);
        let length = self.to.duration_since(self.from).as_secs().max(1);
        length / step + i64::from(length % step > 0)
    }
}

/// Name of a metric at the wire.
pub(crate) fn name(metric: HealthMetric) -> &'static str {
    match metric {
        HealthMetric::Backup => "BackupHealthEvent",
        HealthMetric::Restore => "RestoreHealthEvent",
    }
}

impl MetricsQuery {
    /// The question, or what is wrong with it.
    pub(crate) fn wanted(&self, now: Timestamp) -> Result<Wanted> {
        if let Some(other) = sent(self.aggregation.as_ref()).filter(|text| !text.eq_ignore_ascii_case("Count")) {
            return Err(refused("aggregation", format!("Events are counted: '{other}' is not possible. Send Count, or leave it out.")));
        }
        let metrics = match sent(self.metricnames.as_ref()) {
            None => vec![HealthMetric::Backup, HealthMetric::Restore],
            Some(names) => names.split(',').map(metric).collect::<Result<_>>()?,
        };
        let (from, to) = match sent(self.timespan.as_ref()) {
            None => (now - SignedDuration::from_hours(24), now),
            Some(text) => span(text)?,
        };
        let interval = match sent(self.interval.as_ref()) {
            None => SignedDuration::from_hours(24),
            Some(text) => length(text)?,
        };
        let wanted = Wanted { metrics, from, to, interval, filter: Filter::parse(self.filter.as_deref(), &DIMENSIONS)? };
        if wanted.slots() > MOST_VALUES {
            let text = format!(
                "The span has {} of these intervals; one answer has at most {MOST_VALUES}. Ask for a longer interval or a shorter timespan.",
                wanted.slots()
            );
            return Err(refused("interval", text));
        }
        Ok(wanted)
    }
}

fn refused(field: &str, text: String) -> Fault {
    Fault::invalid("BadRequest", text).at(field)
}

fn sent(text: Option<&String>) -> Option<&str> {
    text.map(|text| text.trim()).filter(|text| !text.is_empty())
}

fn metric(text: &str) -> Result<HealthMetric> {
    [HealthMetric::Backup, HealthMetric::Restore].into_iter().find(|metric| name(*metric).eq_ignore_ascii_case(text.trim())).ok_or_else(
        || refused("metricnames", format!("There is no metric '{text}'. Vaults have BackupHealthEvent and RestoreHealthEvent.")),
    )
}

/// `start/end`. The Azure CLI encodes it twice, and sends moments without a zone.
fn span(text: &str) -> Result<(Timestamp, Timestamp)> {
    let plain = percent_decode_str(text).decode_utf8_lossy();
    plain
        .split_once('/')
        .and_then(|(from, to)| Some((moment(from)?, moment(to)?)))
        .filter(|(from, to)| from < to && to.duration_since(*from) <= LONGEST)
        .ok_or_else(|| {
            let days = LONGEST.as_hours() / 24;
            refused(
                "timespan",
                format!("'{plain}' is not a span: send start/end in RFC 3339, the end after the start by at most {days} days."),
            )
        })
}

fn moment(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp()))
}

fn length(text: &str) -> Result<SignedDuration> {
    text.parse::<Span>()
        .ok()
        .and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok())
        .filter(|length| *length >= SignedDuration::from_mins(1) && length.subsec_nanos() == 0)
        .ok_or_else(|| {
            refused("interval", format!("'{text}' is not an interval: send an ISO 8601 duration of a minute or more, for instance PT1H."))
        })
}
