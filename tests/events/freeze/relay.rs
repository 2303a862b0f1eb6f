//! A relay between a function and a service, which ends connections in every way they can end while the function is frozen.

use std::sync::Arc;

use tokio::{
    io,
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// What happens to open connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// They stay open.
    Kept,
    /// The service closes them.
    Closed,
    /// They are reset.
    Reset,
    /// They are dropped silently along the way: nothing that is sent gets a response, and neither end is notified.
    Gone,
}

/// A relay to one service.
pub(super) struct Relay {
    url: String,
    fates: Arc<watch::Sender<Fate>>,
}

impl Relay {
    /// Starts a relay to the service at this URL.
    pub(super) async fn start(service: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let fates = Arc::new(watch::Sender::new(Fate::Kept));
        let service = service.strip_prefix("http://").unwrap().to_owned();
        tokio::spawn(accept(listener, service, fates.clone()));
        Self { url, fates }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Applies a fate to all open connections, and waits until it is done. Later connections are relayed as before.
    pub(super) async fn apply(&self, fate: Fate) {
        if fate != Fate::Kept {
            self.fates.send_replace(fate);
            self.fates.closed().await;
        }
    }
}

async fn accept(listener: TcpListener, service: String, fates: Arc<watch::Sender<Fate>>) {
    loop {
        let (near, _) = listener.accept().await.unwrap();
        tokio::spawn(relay(near, service.clone(), fates.subscribe()));
    }
}

/// Relays a connection to the service until either side closes it or a fate is applied.
async fn relay(mut near: TcpStream, service: String, mut fates: watch::Receiver<Fate>) {
    let mut far = TcpStream::connect(service).await.unwrap();
    tokio::select! {
        _ = io::copy_bidirectional(&mut near, &mut far) => return,
        _ = fates.changed() => {}
    }
    let fate = *fates.borrow();
    match fate {
        Fate::Gone => {
            drop(fates);
            // Both ends stay open, and nothing is read from them.
            return std::future::pending().await;
        }
        Fate::Reset => near.set_zero_linger().unwrap(),
        Fate::Closed | Fate::Kept => {}
    }
    // Close the connection before the receiver is dropped, which signals that the fate has been applied.
    drop(near);
}
