//! The whole house, put together and running: store, objects, keys, engine, edge, listener,
//! background work and, with the emulator, its servers.
//!
//! Always holds: settings and seed are checked before anything is opened; when [`House::start`]
//! returns, clients are served; [`House::end`] leaves no task behind.

use crate::clock::{SystemClock, VirtualClock, newest_seen};
use crate::exit::{Failure, Outcome, explain};
use crate::lifecycle::{Lifecycle, Signals};
use crate::listen::Listener;
use crate::seed::Seed;
use crate::settings::{Settings, without_password};
use crate::simulation::Fleet;
use crate::timeline::Driver;
use crate::wake::Bells;
use crate::{seed, simulation, tls};
use rsvault_api::{AppState, EdgeSettings, identity};
use rsvault_domain::ports::{Clock, Simulation, Timeline};
use rsvault_engine::Engine;
use rsvault_engine::regions::{self, Secondary};
use rsvault_storage::{FileKeyRing, SqlStore, objects};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// Time that agents of simulated servers get to give their work back.
const AGENTS_END: Duration = Duration::from_secs(2);

/// A running house.
pub(crate) struct House {
    pub(crate) engine: Arc<Engine>,
    pub(crate) address: SocketAddr,
    pub(crate) settings: Settings,
    pub(crate) seed: Option<Seed>,
    pub(crate) life: Lifecycle,
    store: Arc<SqlStore>,
    fleet: Option<Arc<Fleet>>,
}

impl House {
    /// Opens, starts and serves.
    pub(crate) async fn start(settings: Settings) -> Outcome<Self> {
        let seed = if settings.emulator { Some(Seed::load(settings.seed.as_deref())?) } else { None };
        make_data_dir(&settings.data)?;
        // Clients keep tokens and check certificates by real time, whatever the emulator's clock shows.
        let real: Arc<dyn Clock> = Arc::new(SystemClock);
        let tls =
            tls::prepare(&settings.tls_dir(), &certificate_hosts(&settings), real.now()).map_err(|e| Failure::run(format!("TLS: {e}")))?;
        let Opened { engine, store, clock } = open_engine(&settings, settings.emulator).await?;
        if let Some(seed) = &seed {
            seed::apply_records(seed, &engine).await.map_err(|f| Failure::run(format!("cannot apply the seed: {}", explain(&f))))?;
        }
        regions::resume(&engine).await.map_err(|f| Failure::run(format!("second region: {}", explain(&f))))?;
        let socket = TcpListener::bind(settings.listen).await.map_err(|e| {
            Failure::run(format!("cannot listen on {}: {e}. Choose another --listen (port 0 takes a free one)", settings.listen))
        })?;
        let address = socket.local_addr().map_err(|e| Failure::run(format!("cannot listen: {e}")))?;
        let fleet = match &seed {
            Some(_) => {
                let (url, ca) = own_url(address, &settings.tls_dir())?;
                Some(Arc::new(Fleet::new(&settings.emulator_dir(), engine.clone(), url, ca)?))
            }
            None => None,
        };
        let life = Lifecycle::default();
        let driver = match (&clock, &fleet) {
            (Some(clock), Some(fleet)) => Some(Driver::new(engine.clone(), clock.clone(), fleet.clone(), life.clone())),
            _ => None,
        };
        let tokens = identity::Tokens::open(&settings.data, real).map_err(|f| Failure::run(format!("sign-in keys: {}", explain(&f))))?;
        let state = AppState {
            engine: engine.clone(),
            tokens: Arc::new(tokens),
            simulation: fleet.clone().map(|fleet| fleet as Arc<dyn Simulation>),
            timeline: driver.clone().map(|driver| driver as Arc<dyn Timeline>),
            soft_delete_off: settings.soft_delete_off,
            edge: EdgeSettings {
                emulator: settings.emulator,
                loopback: settings.listen.ip().is_loopback(),
                public_urls: settings.public_url.clone(),
                recorder: settings.record.as_deref().map(recorder).transpose()?,
            },
            seed: seed.as_ref().map(|seed| seed.servers.clone().into_iter().collect()).unwrap_or_default(),
            seed_groups: seed.as_ref().map(|seed| seed.availability_groups.clone().into_iter().collect()).unwrap_or_default(),
        };
        let listener = Listener { socket, tls, app: rsvault_api::app(Arc::new(state)), max_connections: settings.max_connections };
        life.spawn(listener.run(life.clone()));
        if let Some(driver) = driver {
            life.spawn(driver.tick());
        }
        let owner = format!("{}/{}", std::process::id(), uuid::Uuid::new_v4());
        let stop = life.soft();
        life.spawn(rsvault_engine::background::run(engine.clone(), owner, async move { stop.cancelled().await }));
        let house = Self { engine, address, settings, seed, life, store, fleet };
        if let (Some(fleet), Some(seed)) = (&house.fleet, &house.seed)
            && let Err(failure) = simulation::start(fleet, seed).await
        {
            let mut signals = Signals::take().map_err(|e| Failure::run(e.to_string()))?;
            house.end(&mut signals).await;
            return Err(failure);
        }
        Ok(house)
    }

    /// URL that works from this machine, whatever it is called outside.
    pub(crate) fn local_url(&self) -> String {
        format!("https://{}", reachable(self.address))
    }
    /// URL for clients.
    pub(crate) fn url(&self) -> String {
        match self.settings.public_url.first() {
            Some(url) if !self.settings.listen.ip().is_loopback() => url.trim_end_matches('/').to_owned(),
            _ => self.local_url(),
        }
    }

    /// Drains and ends.
    pub(crate) async fn end(self, signals: &mut Signals) {
        if let Some(fleet) = &self.fleet {
            fleet.shutdown(AGENTS_END).await;
        }
        self.life.end(signals).await;
        self.store.close().await;
    }
}

/// The engine over the ports that the settings name.
pub(crate) struct Opened {
    pub(crate) engine: Arc<Engine>,
    pub(crate) store: Arc<SqlStore>,
    /// The emulator's clock, if that is what the engine goes by.
    pub(crate) clock: Option<Arc<VirtualClock>>,
}

/// Opens it; `emulated` says by which clock it goes.
pub(crate) async fn open_engine(settings: &Settings, emulated: bool) -> Outcome<Opened> {
    make_data_dir(&settings.data)?;
    let url = settings.database_url();
    let store = SqlStore::open(&url).await.map_err(|e| Failure::run(format!("database {}: {e}", without_password(&url))))?;
    let url = settings.objects_url();
    let objects = objects::open(&url).map_err(|e| Failure::run(format!("object store {}: {e}", without_password(&url))))?;
    let secondary = match settings.secondary_objects_url() {
        Some(url) => {
            let objects = objects::open(&url)
                .map_err(|e| Failure::run(format!("object store of the second region {}: {e}", without_password(&url))))?;
            Some(Secondary { objects, region: settings.secondary_region.clone(), lag: settings.secondary_lag() })
        }
        None => None,
    };
    let keys = FileKeyRing::open(settings.key_dir()).map_err(|f| Failure::run(format!("keys: {}", explain(&f))))?;
    let clock = if emulated {
        let floor = newest_seen(store.as_ref())
            .await
            .map_err(|e| Failure::run(format!("database {}: {e}", without_password(&settings.database_url()))))?;
        make_data_dir(&settings.emulator_dir())?;
        Some(VirtualClock::open(&settings.clock_file(), floor)?)
    } else {
        None
    };
    let time: Arc<dyn Clock> = match &clock {
        Some(clock) => clock.clone(),
        None => Arc::new(SystemClock),
    };
    let engine = Engine::in_regions(store.clone(), objects, secondary, keys, time, Arc::new(Bells::default()));
    engine.open_guard().await.map_err(|f| Failure::run(format!("clock's mark: {}", explain(&f))))?;
    Ok(Opened { engine, store, clock })
}

fn recorder(path: &Path) -> Outcome<Arc<rsvault_api::edge::Recorder>> {
    rsvault_api::edge::Recorder::open(path).map_err(|e| Failure::run(format!("cannot record to {}: {e}", path.display())))
}

/// Makes the data folder, for its owner alone.
fn make_data_dir(dir: &Path) -> Outcome<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|e| Failure::run(format!("cannot make the data folder {}: {e}. Choose another --data, or mend its rights", dir.display())))
}

/// Hosts beside the loopback names that the certificate must bear.
pub(crate) fn certificate_hosts(settings: &Settings) -> Vec<String> {
    let mut hosts: Vec<String> =
        settings.public_url.iter().filter_map(|url| url.parse::<http::Uri>().ok()?.host().map(str::to_owned)).collect();
    if !settings.listen.ip().is_unspecified() {
        hosts.push(settings.listen.ip().to_string());
    }
    hosts
}

/// An address that this machine can connect to.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// How agents in this process reach it: plain on loopback, TLS otherwise.
fn own_url(address: SocketAddr, tls_dir: &Path) -> Outcome<(String, Option<String>)> {
    let address = reachable(address);
    if address.ip().is_loopback() {
        return Ok((format!("http://{address}"), None));
    }
    let path = tls_dir.join("ca.pem");
    let ca = std::fs::read_to_string(&path).map_err(|e| Failure::run(format!("cannot read {}: {e}", path.display())))?;
    Ok((format!("https://{address}"), Some(ca)))
}
