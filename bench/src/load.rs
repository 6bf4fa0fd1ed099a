//! Load: so many connections, each asking again as soon as it was answered, for a while.

use crate::Outcome;
use crate::http::Connection;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a spell of load saw.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spell {
    /// Answers per second.
    pub(crate) rate: f64,
    /// Half of the answers came within this.
    pub(crate) p50: Duration,
    /// 99 of 100 did.
    pub(crate) p99: Duration,
    /// Answers in all.
    pub(crate) answers: usize,
}

/// Asks `requests` in turn over `connections`. Every answer must be 200.
pub(crate) async fn load(host: &str, requests: Arc<Vec<Vec<u8>>>, connections: usize, lasting: Duration) -> Outcome<Spell> {
    let mut open = Vec::with_capacity(connections);
    for _ in 0..connections {
        open.push(Connection::open(host).await?);
    }
    let started = Instant::now();
    let ask = |mut connection: Connection, n: usize| {
        let requests = requests.clone();
        async move {
            let mut took = Vec::with_capacity(16_384);
            // Each connection goes through all requests, from a place of its own and by a step that meets each.
            let mut at = n * 7919;
            while started.elapsed() < lasting {
                let sent = Instant::now();
                let answer = connection.ask(&requests[at % requests.len()]).await?;
                took.push(sent.elapsed());
                if answer.status != 200 {
                    return Err(format!("answered {}: {}", answer.status, String::from_utf8_lossy(connection.body(&answer))).into());
                }
                at += 7919;
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(took)
        }
    };
    let tasks: Vec<_> = open.into_iter().enumerate().map(|(n, connection)| tokio::spawn(ask(connection, n))).collect();
    let mut took = Vec::new();
    for task in tasks {
        took.extend(task.await??);
    }
    let lasted = started.elapsed();
    took.sort_unstable();
    let at = |part: f64| took.get((took.len() as f64 * part) as usize).copied().unwrap_or_default();
    Ok(Spell { rate: took.len() as f64 / lasted.as_secs_f64(), p50: at(0.5), p99: at(0.99), answers: took.len() })
}
