//! `GET /metrics`: what an operator watches, in Prometheus's text format.
//!
//! Always holds: no names of vaults, items or servers; who may read follows the rule of the emulator
//! surface (anyone on loopback, else an Owner).

use crate::AppState;
use crate::edge::Problem;
use crate::emulator::Admin;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use rsvault_domain::ports::EventKind;
use rsvault_engine::{Metrics, metrics};
use std::fmt::Write;
use std::sync::Arc;

pub(crate) async fn get(_: Admin, State(state): State<Arc<AppState>>) -> Result<Response, Problem> {
    let text = text(&metrics(&state.engine).await?);
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"), (header::CACHE_CONTROL, "no-store")], text).into_response())
}

/// Kinds that are counted, also while none has fired.
const KINDS: [EventKind; 9] = [
    EventKind::Schedule,
    EventKind::Retention,
    EventKind::SoftDelete,
    EventKind::Lease,
    EventKind::Discovery,
    EventKind::Alert,
    EventKind::MissedSlot,
    EventKind::Archive,
    EventKind::Replication,
];

fn text(metrics: &Metrics) -> String {
    let mut text = String::new();
    let mut put = |name: &str, kind: &str, help: &str, value: &dyn std::fmt::Display| {
        // Writing to a String does not fail.
        let _ = writeln!(text, "# HELP rsvault_{name} {help}\n# TYPE rsvault_{name} {kind}\nrsvault_{name} {value}");
    };
    let Metrics { gauges, events, trust } = metrics;
    put("clock_trusted_lag_seconds", "gauge", "How far the time that retention trusts is behind the clock.", &trust.lag.as_secs_f64());
    put("clock_deviation_seconds", "gauge", "How far the clock is from what the monotonic clock expects.", &trust.off.as_secs_f64());
    put("clock_jumps_total", "counter", "Jumps of the clock since the start.", &trust.jumps);
    put("commands_open", "gauge", "Commands that wait for an agent or are with one.", &gauges.open_commands);
    put("tasks_due", "gauge", "Tasks that are due.", &gauges.due_tasks);
    put("recovery_points", "gauge", "Recovery points, logs included.", &gauges.points);
    put("alerts_active", "gauge", "Active alerts.", &gauges.active_alerts);
    put("backups_missed", "gauge", "Active alerts of scheduled backups that were missed.", &gauges.missed);
    let _ = writeln!(text, "# HELP rsvault_events_total What fired since the start.\n# TYPE rsvault_events_total counter");
    for kind in KINDS {
        let _ = writeln!(text, "rsvault_events_total{{kind=\"{}\"}} {}", kind.as_str(), events.get(&kind).copied().unwrap_or_default());
    }
    text
}

#[cfg(test)]
mod tests {
    use crate::EdgeSettings;
    use crate::testing::TestApp;
    use http::StatusCode;
    use rsvault_domain::ports::EventKind;

    #[tokio::test]
    async fn the_figures_are_true() {
        let app = TestApp::new().await;
        app.state.engine.note(EventKind::MissedSlot, "i", "t");
        let (status, headers, text) = app.call("", "GET", "/metrics", None).await;
        let text = text.as_str().unwrap().to_owned();
        assert_eq!((status, headers["content-type"].to_str().unwrap()), (StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8"));
        for line in ["rsvault_clock_trusted_lag_seconds 0", "rsvault_recovery_points 0", "rsvault_events_total{kind=\"missedSlot\"} 1"] {
            assert!(text.lines().any(|l| l == line), "{line} in {text}");
        }
        for line in text.lines().filter(|l| !l.starts_with('#')) {
            assert!(
                line.rsplit_once(' ').is_some_and(|(name, value)| name.starts_with("rsvault_") && value.parse::<f64>().is_ok()),
                "{line}"
            );
        }
    }

    #[tokio::test]
    async fn off_loopback_they_want_an_owner_with_and_without_the_emulator() {
        for emulator in [true, false] {
            let app =
                TestApp::with(EdgeSettings { emulator, loopback: false, public_urls: vec!["https://localhost".into()], recorder: None })
                    .await;
            app.principal("reader", &[("Reader", "/")]).await;
            assert_eq!(app.call("", "GET", "/metrics", None).await.0, StatusCode::UNAUTHORIZED);
            assert_eq!(app.call("reader", "GET", "/metrics", None).await.0, StatusCode::FORBIDDEN);
            assert_eq!(app.call("owner", "GET", "/metrics", None).await.0, StatusCode::OK);
        }
    }
}
