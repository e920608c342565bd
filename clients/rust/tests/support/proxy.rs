//! A TCP proxy that breaks connections in the ways that networks do.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What happens to the bytes of the connections that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Forward,
    /// They are read and thrown away; nothing is closed.
    Swallow,
    /// The connections are closed.
    Cut,
}

/// The proxy, on a port of its own.
pub struct Proxy {
    pub address: SocketAddr,
    connections: Arc<AtomicUsize>,
    mode: Arc<Mutex<watch::Sender<Mode>>>,
}

#[allow(dead_code)]
impl Proxy {
    /// Forwards to the target. With `forgets_after`, it swallows everything on a connection on which nothing
    /// went in either direction for so long.
    pub async fn start(target: SocketAddr, forgets_after: Option<Duration>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let mode = Arc::new(Mutex::new(watch::channel(Mode::Forward).0));
        let connections = Arc::new(AtomicUsize::new(0));
        let (modes, counter) = (mode.clone(), connections.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::Relaxed);
                // What happens later to this connection: those that come after a change begin anew.
                let mode = modes.lock().expect("no panic").subscribe();
                tokio::spawn(async move {
                    if let Ok(server) = TcpStream::connect(target).await {
                        carry(client, server, mode, forgets_after).await;
                    }
                });
            }
        });
        Self { address, connections, mode }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many connections were made.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// The connections that there are go silent without being closed.
    pub fn swallow(&self) {
        self.change(Mode::Swallow);
    }

    /// The connections that there are are closed.
    pub fn cut(&self) {
        self.change(Mode::Cut);
    }

    fn change(&self, to: Mode) {
        let fresh = watch::channel(Mode::Forward).0;
        let old = std::mem::replace(&mut *self.mode.lock().expect("no panic"), fresh);
        old.send_replace(to);
        // Whoever still listens would see the end of the channel.
        std::mem::forget(old);
    }
}

async fn carry(
    client: TcpStream,
    server: TcpStream,
    mode: watch::Receiver<Mode>,
    forgets_after: Option<Duration>,
) {
    let (forget, forgotten) = watch::channel(tokio::time::Instant::now());
    let forget = Arc::new(forget);
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let rule = Rule { mode, last: forgotten, forgets_after };
    let there = pump(from_client, to_server, rule.clone(), forget.clone());
    let back = pump(from_server, to_client, rule, forget);
    tokio::join!(there, back);
}

#[derive(Clone)]
struct Rule {
    mode: watch::Receiver<Mode>,
    /// When something last went through.
    last: watch::Receiver<tokio::time::Instant>,
    forgets_after: Option<Duration>,
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut rule: Rule,
    touch: Arc<watch::Sender<tokio::time::Instant>>,
) {
    let mut buffer = vec![0; 16 * 1024];
    let mut is_forgotten = false;
    loop {
        let length = tokio::select! {
            read = from.read(&mut buffer) => match read {
                Ok(length) if length > 0 => length,
                _ => break,
            },
            _ = rule.mode.wait_for(|mode| *mode == Mode::Cut) => break,
        };
        let last = *rule.last.borrow();
        is_forgotten |= rule.forgets_after.is_some_and(|time| last.elapsed() >= time);
        if is_forgotten || *rule.mode.borrow() == Mode::Swallow {
            continue;
        }
        touch.send_replace(tokio::time::Instant::now());
        if to.write_all(&buffer[..length]).await.is_err() {
            break;
        }
    }
    if *rule.mode.borrow() == Mode::Swallow || is_forgotten {
        // Silence also hides the end.
        std::future::pending::<()>().await;
    }
    let _ = to.shutdown().await;
}
