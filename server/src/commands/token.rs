//! `rsvault token create`: a one-time enrolment token, straight from the database.

use crate::cli::TokenCreateArguments;
use crate::exit::{Failure, Outcome};
use crate::house::{Opened, open_engine};
use crate::settings::Settings;
use crate::telemetry;
use jiff::SignedDuration;
use rsvault_domain::discovery::{Server, ServerState};
use rsvault_domain::id::{NameKey, ServerId, SubscriptionId};
use rsvault_domain::simulation::ServerSpec;
use rsvault_domain::tenancy::group_name;
use rsvault_engine::Engine;
use rsvault_engine::agents::create_token;
use std::io::Write;
use std::process::ExitCode;

pub(super) async fn create(arguments: &TokenCreateArguments) -> Outcome<ExitCode> {
    let settings = Settings::load(&arguments.settings)?;
    telemetry::start(settings.log, &settings.log_filter)?;
    // The token's end is in the time of the server that takes it.
    let emulated = settings.emulator || settings.clock_file().exists();
    let Opened { engine, store, .. } = open_engine(&settings, emulated).await?;
    let server = find_or_make(&engine, arguments).await?;
    let (token, expires_at) = create_token(&engine, server.id, SignedDuration::from_mins(i64::from(arguments.minutes))).await?;
    store.close().await;
    tracing::info!(server = server.name, vm = server.vm_id(), %expires_at, "made an enrolment token; it works once");
    writeln!(std::io::stdout(), "{token}").map_err(|e| Failure::run(format!("cannot write to standard output: {e}")))?;
    Ok(ExitCode::SUCCESS)
}

async fn find_or_make(engine: &Engine, arguments: &TokenCreateArguments) -> Outcome<Server> {
    let store = |e: rsvault_domain::ports::StoreError| Failure::run(e.to_string());
    let subscription: SubscriptionId = arguments
        .subscription
        .parse()
        .map_err(|_| Failure::configuration(format!("--subscription '{}' is not a UUID", arguments.subscription)))?;
    group_name(&arguments.resource_group).map_err(|f| Failure::configuration(format!("--resource-group: {}", f.message)))?;
    // The rules for names are those of any server.
    let shape = ServerSpec {
        subscription: None,
        resource_group: arguments.resource_group.clone(),
        location: arguments.location.clone(),
        state: ServerState::Running,
        faults: rsvault_domain::simulation::ServerFaults::default(),
        instances: Vec::new(),
    };
    shape.validate(&arguments.server).map_err(|fault| {
        let flag = if fault.target.as_deref() == Some("location") { "location" } else { "server" };
        Failure::configuration(format!("--{flag}: {}", fault.message))
    })?;
    let mut tx = engine.store.begin().await.map_err(store)?;
    let (group, name) = (NameKey::new(&arguments.resource_group), NameKey::new(&arguments.server));
    if let Some(server) = tx.server(subscription, &group, &name).await.map_err(store)? {
        return Ok(server);
    }
    if tx.subscription(subscription).await.map_err(store)?.is_none() {
        return Err(Failure::configuration(format!(
            "--subscription {subscription} is not known to this vault. Subscriptions come from the seed: start 'rsvault serve --emulator' once"
        )));
    }
    let server = Server {
        id: ServerId(uuid::Uuid::new_v4()),
        subscription,
        resource_group: arguments.resource_group.clone(),
        name: arguments.server.clone(),
        location: arguments.location.clone(),
        state: ServerState::Running,
        created_at: engine.clock.now(),
    };
    let server = tx.put_server(&server).await.map_err(store)?;
    tx.commit().await.map_err(store)?;
    Ok(server)
}
