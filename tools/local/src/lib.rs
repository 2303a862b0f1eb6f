//! The whole API on one port, on an embedded DynamoDB: what `cargo run` starts, and what tests run against.

mod database;
pub mod embedded;
mod fence;
mod gateway;
mod options;
mod origin;
mod private;
mod secret;

use std::{
    io,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

pub use database::{Database, Limits};
pub use options::Options;
pub use secret::Secret;
use shared::{
    clock::Clock,
    random::Random,
    runtime::{
        Clients, Service,
        config::{Config, ConfigError},
    },
};
pub use stack::{tables, template};
use template::Template;
use thiserror::Error;
use tokio::{
    net::{TcpListener, TcpSocket},
    sync::watch,
    task::JoinHandle,
};

/// A stack that runs until it is stopped, or dropped with the runtime that it runs on.
#[derive(Debug)]
pub struct Stack {
    /// Where the API is, without a slash at the end.
    pub url: String,
    /// Where DynamoDB is.
    pub dynamodb_url: String,
    /// The file with the data of the embedded DynamoDB, where it keeps them.
    pub data: Option<PathBuf>,
    /// Where the secret came from.
    pub secret: Secret,
    /// Where the limits come from.
    pub limits: Limits,
    stop: watch::Sender<bool>,
    api: JoinHandle<io::Result<()>>,
    database: Database,
}

/// Why a stack does not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// Somebody listens there already, or may not.
    #[error("cannot listen on {address}: {reason}; choose another port with {option}, 0 for any free one")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        reason: io::Error,
        /// The option that chooses the port.
        option: &'static str,
    },
    /// The folder for the data is of no use.
    #[error("cannot keep data in {}: {reason}; choose another folder with --data-dir, or --in-memory", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system, or the embedded DynamoDB, said.
        reason: String,
    },
    /// DynamoDB, its tables or the template cannot be used.
    #[error(transparent)]
    Stack(#[from] stack::Error),
    /// A variable is missing or wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The service itself failed.
    #[error(transparent)]
    Service(#[from] shared::error::StoreError),
    /// The operating system does not say which port was opened.
    #[error("cannot read the address of a port: {0}")]
    Address(std::io::Error),
}

impl StartError {
    fn folder(folder: &Path, reason: impl ToString) -> Self {
        Self::Folder { folder: folder.into(), reason: reason.to_string() }
    }
}

impl Stack {
    /// Starts the stack. Variables come from `variable`; what they leave open is as the template has it.
    ///
    /// # Errors
    /// The first thing that is in the way.
    pub async fn start(options: &Options, variable: impl Fn(&str) -> Option<String>) -> Result<Self, StartError> {
        Self::start_with(options, variable, |_, clients| clients).await
    }

    /// Starts the stack, with each function's clients of AWS as `adapt` makes them of the function's name and the usual ones.
    ///
    /// # Errors
    /// The first thing that is in the way.
    pub async fn start_with(
        options: &Options,
        variable: impl Fn(&str) -> Option<String>,
        adapt: impl Fn(&str, Clients) -> Clients,
    ) -> Result<Self, StartError> {
        let given = |name: &str| variable(name).filter(|value| !value.is_empty());
        let template = Template::read()?.with_table_names(given);
        // The ports first: whoever started the stack twice learns that, and nothing is touched.
        let listener = listen(options.host, options.port, "--port")?;
        let database = Database::start(options).await?;

        let (secret_key, secret) = secret::find(given, options)?;
        let mut config = Config::from_variables(|name| match name {
            "SECRET_KEY" => secret_key.clone(),
            _ => given(name).or_else(|| template.variable(name)),
        })?;
        // A change in the settings item holds at the next request.
        config.settings_max_age = std::time::Duration::ZERO;

        let limits = database.prepare(&template, &config.settings_table).await?;
        let clients = database.clients(&secret).await;
        let service = Service::new(config, clients.clone(), Clock::system(), Random::system())?;
        let service_of = |function: &str| service.with_clients(adapt(function, clients.clone()));
        let router = gateway::router(service_of, &template, options).await?;
        let url = format!("http://{}", local_address(&listener)?);
        let (stop, stopped) = watch::channel(false);
        let server = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>());
        let api = tokio::spawn(server.with_graceful_shutdown(told(stopped)).into_future());
        Ok(Self {
            url,
            dynamodb_url: database.url().to_owned(),
            data: database.file().cloned(),
            secret,
            limits,
            stop,
            api,
            database,
        })
    }

    /// Ends the stack: requests that are under way are answered, then the data are closed.
    pub async fn stop(self) {
        // Both have ended already if nobody is told.
        let _ = self.stop.send(true);
        let _ = self.api.await;
        self.database.stop().await;
    }
}

/// Ends when a stop is told, or when nobody is left to tell it.
async fn told(mut stopped: watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// Listens on a port, or on a free one where it is 0. Connections send what they have at once (they inherit `TCP_NODELAY`):
/// the embedded DynamoDB writes an answer in two parts, of which a client gets the second 40 ms later else, when it has
/// acknowledged the first.
///
/// # Errors
/// [`StartError::Listen`], which names this option.
pub fn listen(host: IpAddr, port: u16, option: &'static str) -> Result<TcpListener, StartError> {
    let address = SocketAddr::new(host, port);
    let open = || {
        let socket = if host.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // A port of a program that has just ended may be taken again.
        socket.set_reuseaddr(true)?;
        socket.set_nodelay(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    open().map_err(|reason| StartError::Listen { address, reason, option })
}

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

fn local_address(listener: &TcpListener) -> Result<SocketAddr, StartError> {
    listener.local_addr().map_err(StartError::Address)
}
