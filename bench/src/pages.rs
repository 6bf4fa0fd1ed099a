//! Whether a page costs the same at the end of a list as at its start: each list is gone through by its
//! links, then its first and its last full page are asked in turn.

use crate::Outcome;
use crate::http::{Connection, request, target_of};
use serde_json::Value;
use std::time::{Duration, Instant};

/// A list and what was found of it.
pub(crate) struct List {
    pub(crate) name: &'static str,
    pub(crate) first: String,
    /// The last page that has as many elements as the first.
    pub(crate) last: Option<String>,
    pub(crate) pages: usize,
    pub(crate) elements: usize,
    /// Elements of a full page.
    pub(crate) full: usize,
}

/// Goes through a list by its links; each must be absolute, name this server and lead on.
pub(crate) async fn walk(connection: &mut Connection, host: &str, token: &str, name: &'static str, first: String) -> Outcome<List> {
    let mut list = List { name, first: first.clone(), last: None, pages: 0, elements: 0, full: 0 };
    let mut target = first;
    loop {
        let (_, body) = connection.json("GET", &target, token, &Value::Null).await?;
        let elements = body["value"].as_array().ok_or_else(|| format!("{name}: no value"))?.len();
        list.pages += 1;
        list.elements += elements;
        if list.pages == 1 {
            list.full = elements;
        } else if elements == list.full {
            list.last = Some(target.clone());
        }
        let Some(link) = body.get("nextLink") else { return Ok(list) };
        let link = link.as_str().ok_or_else(|| format!("{name}: nextLink is {link}"))?;
        if !link.starts_with(&format!("http://{host}/")) {
            return Err(format!("{name}: nextLink '{link}' is not an absolute link of this server").into());
        }
        if elements == 0 {
            return Err(format!("{name}: page {} is empty and not the last", list.pages).into());
        }
        target = target_of(link).to_owned();
    }
}

/// The median times of both pages, asked in turn.
pub(crate) async fn compare(
    connection: &mut Connection,
    host: &str,
    token: &str,
    a: &str,
    b: &str,
    times: usize,
) -> Outcome<(Duration, Duration)> {
    let requests = [a, b].map(|target| request("GET", host, target, Some(token), "", ""));
    let mut took = [Vec::with_capacity(times), Vec::with_capacity(times)];
    for n in 0..times {
        // Neither is always asked after the other.
        for which in if n % 2 == 0 { [0, 1] } else { [1, 0] } {
            let sent = Instant::now();
            let answer = connection.ask(&requests[which]).await?;
            took[which].push(sent.elapsed());
            if answer.status != 200 {
                return Err(format!("{a}: answered {}", answer.status).into());
            }
        }
    }
    let [a, b] = took.map(|mut took| {
        took.sort_unstable();
        took[took.len() / 2]
    });
    Ok((a, b))
}
