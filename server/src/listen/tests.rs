use super::*;
use axum::extract::Extension;
use axum::routing::get;
use rsvault_domain::ports::Clock;
use rustls_pki_types::pem::PemObject;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

struct Served {
    address: SocketAddr,
    life: Lifecycle,
    dir: tempfile::TempDir,
}

async fn serve(max_connections: u32) -> Served {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let dir = tempfile::tempdir().unwrap();
    let tls = crate::tls::prepare(dir.path(), &[], crate::clock::SystemClock.now()).unwrap();
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let app = Router::new().route("/scheme", get(|Extension(scheme): Extension<Scheme>| async move { scheme.to_string() })).route(
        "/slow",
        get(|| async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            "done"
        }),
    );
    let app = app.route("/poll", get(std::future::pending::<&'static str>));
    let life = Lifecycle::default();
    life.spawn(Listener { socket, tls, app, max_connections }.run(life.clone()));
    Served { address, life, dir }
}

impl Served {
    fn client(&self) -> reqwest::ClientBuilder {
        let ca = std::fs::read(self.dir.path().join("ca.pem")).unwrap();
        reqwest::Client::builder().no_proxy().tls_certs_only([reqwest::Certificate::from_pem(&ca).unwrap()])
    }
    async fn end(&self) {
        self.life.end(&mut crate::lifecycle::Signals::take().unwrap()).await;
    }
}

#[tokio::test]
async fn one_port_speaks_tls_and_plain_http_and_says_which() {
    let served = serve(10).await;
    let client = served.client().build().unwrap();
    for scheme in ["https", "http"] {
        let url = format!("{scheme}://{}/scheme", served.address);
        assert_eq!(client.get(url).send().await.unwrap().text().await.unwrap(), scheme);
    }
}

async fn tls(served: &Served, offered: &[&[u8]]) -> tokio_rustls::client::TlsStream<TcpStream> {
    let mut roots = rustls::RootCertStore::empty();
    let ca = std::fs::read(served.dir.path().join("ca.pem")).unwrap();
    roots.add(rustls_pki_types::CertificateDer::from_pem_slice(&ca).unwrap()).unwrap();
    let mut config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = offered.iter().map(|p| p.to_vec()).collect();
    let stream = TcpStream::connect(served.address).await.unwrap();
    let name = rustls_pki_types::ServerName::try_from("127.0.0.1").unwrap();
    tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
}

#[tokio::test]
async fn tls_offers_h2_and_http1() {
    let served = serve(10).await;
    for protocol in [&b"h2"[..], b"http/1.1"] {
        assert_eq!(tls(&served, &[protocol]).await.get_ref().1.alpn_protocol(), Some(protocol));
    }
}

#[tokio::test]
async fn http2_is_spoken_over_tls_and_with_prior_knowledge() {
    const HELLO: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    const SETTINGS: u8 = 4;
    let served = serve(10).await;
    let mut head = [0; 9];
    let mut over_tls = tls(&served, &[b"h2"]).await;
    over_tls.write_all(HELLO).await.unwrap();
    over_tls.read_exact(&mut head).await.unwrap();
    assert_eq!(head[3], SETTINGS);
    let mut plain = TcpStream::connect(served.address).await.unwrap();
    plain.write_all(HELLO).await.unwrap();
    plain.read_exact(&mut head).await.unwrap();
    assert_eq!(head[3], SETTINGS);
}

#[tokio::test]
async fn a_running_request_finishes_when_the_server_ends() {
    let served = serve(10).await;
    let client = served.client().build().unwrap();
    let url = format!("http://{}/slow", served.address);
    let request = async { client.get(url).send().await.unwrap().text().await.unwrap() };
    let end = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        served.end().await;
    };
    let (answer, ()) = tokio::join!(request, end);
    assert_eq!(answer, "done");
    assert!(TcpStream::connect(served.address).await.is_err());
}

#[tokio::test]
async fn a_silent_connection_does_not_hold_the_end() {
    let served = serve(10).await;
    let mut silent = TcpStream::connect(served.address).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    tokio::time::timeout(Duration::from_secs(2), served.end()).await.unwrap();
    assert_eq!(silent.read(&mut [0; 1]).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn connections_beyond_the_cap_wait_for_a_place() {
    let served = serve(1).await;
    let first = TcpStream::connect(served.address).await.unwrap();
    let mut second = TcpStream::connect(served.address).await.unwrap();
    second.write_all(b"GET /scheme HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    assert!(tokio::time::timeout(Duration::from_millis(200), second.read_to_end(&mut answer)).await.is_err());
    drop(first);
    tokio::time::timeout(Duration::from_secs(5), second.read_to_end(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test]
async fn a_long_poll_is_answered_when_the_server_ends() {
    let served = serve(10).await;
    let client = served.client().build().unwrap();
    let url = format!("http://{}/poll", served.address);
    let request = async { client.get(url).send().await.unwrap().status() };
    let end = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        tokio::time::timeout(Duration::from_secs(3), served.end()).await.unwrap();
    };
    let (status, ()) = tokio::join!(request, end);
    assert_eq!(status, http::StatusCode::SERVICE_UNAVAILABLE);
}
