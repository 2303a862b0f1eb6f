//! What stands between a function and a service, and ends connections in all ways in which they end while nobody looks.

use std::sync::Arc;

use tokio::{
    io,
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// What becomes of connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// They stay as they are.
    Kept,
    /// The service closes them.
    Closed,
    /// They are reset.
    Reset,
    /// Something on the way forgets them: what is sent is never answered, and nobody is told.
    Gone,
}

/// A relay to one service.
pub(super) struct Relay {
    url: String,
    fates: Arc<watch::Sender<Fate>>,
}

impl Relay {
    /// A relay to the service at this URL.
    pub(super) async fn start(service: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let fates = Arc::new(watch::Sender::new(Fate::Kept));
        let service = service.strip_prefix("http://").unwrap().to_owned();
        tokio::spawn(accept(listener, service, fates.clone()));
        Self { url, fates }
    }

    /// Where it is.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// This becomes of all connections that there are, and has when it ends; those to come are relayed as before.
    pub(super) async fn meet(&self, fate: Fate) {
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

/// Relays a connection to the service, until either side closes it or its fate is told.
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
            // Both ends stay open, and nobody reads what comes.
            return std::future::pending().await;
        }
        Fate::Reset => near.set_zero_linger().unwrap(),
        Fate::Closed | Fate::Kept => {}
    }
    // Before the receiver is dropped, which tells that it is done.
    drop(near);
}
