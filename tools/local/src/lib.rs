//! The local stack: the whole API on one port, with an embedded DynamoDB. `cargo run` starts it, and tests use it.

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
    time::Duration,
};

pub use database::{Database, Limits};
pub use options::Options;
pub use secret::Secret;
use shared::{
    clock::Clock,
    http::ApiUrl,
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

/// A stack that runs until it is stopped, or until its runtime is dropped.
#[derive(Debug)]
pub struct Stack {
    /// The URL of the API, without a slash at the end.
    pub url: String,
    /// The URL of DynamoDB.
    pub dynamodb_url: String,
    /// The file with the data of the embedded DynamoDB, if it keeps them on disk.
    pub data: Option<PathBuf>,
    /// Where the secret came from.
    pub secret: Secret,
    /// Where the rate limits come from.
    pub limits: Limits,
    /// What the functions are made of, for those that are on no route.
    pub service: Service,
    stop: watch::Sender<bool>,
    api: JoinHandle<io::Result<()>>,
    database: Database,
}

/// Why a stack does not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The port is in use or reserved.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// The address with the port.
        address: SocketAddr,
        /// The system's error.
        reason: io::Error,
        /// The option that chooses the port.
        option: &'static str,
    },
    /// The data folder cannot be used.
    #[error("cannot keep data in {}: {reason}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The error of the system or of the embedded DynamoDB.
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
    /// What to do about it, if that is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Listen { option, .. } => Some(format!("choose another port with {option}; 0 picks a free one")),
            Self::Folder { .. } => Some("choose another folder with --data-dir, or pass --in-memory".into()),
            Self::Stack(error) => error.hint().map(str::to_owned),
            Self::Config(_) | Self::Service(_) | Self::Address(_) => None,
        }
    }

    fn folder(folder: &Path, reason: impl ToString) -> Self {
        Self::Folder { folder: folder.into(), reason: reason.to_string() }
    }
}

impl Stack {
    /// Starts the stack with these variables, and for others with the values of the template.
    ///
    /// # Errors
    /// The first thing that prevents it.
    pub async fn start(options: &Options, variable: impl Fn(&str) -> Option<String>) -> Result<Self, StartError> {
        Self::start_with(options, variable, |_, clients| clients).await
    }

    /// The same, with each function's AWS clients changed by `adapt`, which gets the function's name and the usual clients.
    ///
    /// # Errors
    /// The first thing that prevents it.
    pub async fn start_with(
        options: &Options,
        variable: impl Fn(&str) -> Option<String>,
        adapt: impl Fn(&str, Clients) -> Clients,
    ) -> Result<Self, StartError> {
        let given = |name: &str| variable(name).filter(|value| !value.is_empty());
        let template = Template::read()?.with_table_names(given);
        // The ports first, so that a second start fails before it touches anything.
        let listener = listen(options.host, options.port, "--port")?;
        let database = Database::start(options).await?;

        let url = format!("http://{}", local_address(&listener)?);
        let (secret_key, secret) = secret::find(given, options)?;
        let mut config = Config::from_variables(|name| match name {
            "SECRET_KEY" => secret_key.clone(),
            "API_URL" => given(name).or_else(|| Some("http://localhost".into())),
            _ => given(name).or_else(|| template.variable(name)),
        })?;
        if given("API_URL").is_none() {
            // Whatever it listens on: clients of another machine need not trust it.
            config.api_url = ApiUrl::new(&url);
        }
        // A change in the settings item takes effect at the next request.
        config.settings_max_age = Duration::ZERO;
        config.secret_max_age = Duration::from_secs(options.secret_max_age);

        let limits = database.prepare(&template, &config.settings_table).await?;
        let clients = database.clients(&secret).await;
        let service = Service::new(config, clients.clone(), Clock::system(), Random::system())?;
        let service_of = |function: &str| service.with_clients(adapt(function, clients.clone()));
        let router = gateway::router(service_of, &template, options).await?;
        let (stop, stopped) = watch::channel(false);
        let server = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>());
        let api = tokio::spawn(server.with_graceful_shutdown(shutdown_signal(stopped)).into_future());
        Ok(Self {
            url,
            dynamodb_url: database.url().to_owned(),
            data: database.file().cloned(),
            secret,
            limits,
            service,
            stop,
            api,
            database,
        })
    }

    /// Stops the stack: answers the requests in progress, then closes the data.
    pub async fn stop(self) {
        // If this fails, both have ended already.
        let _ = self.stop.send(true);
        let _ = self.api.await;
        self.database.stop().await;
    }
}

/// Completes when the stack is stopped or dropped.
async fn shutdown_signal(mut stopped: watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// Listens on a port, or on a free one if it is 0. Connections inherit `TCP_NODELAY`: the embedded DynamoDB writes an answer in
/// two parts, and without it a client would get the second one 40 ms later, after it has acknowledged the first.
///
/// # Errors
/// [`StartError::Listen`], with this option as the one to change.
pub fn listen(host: IpAddr, port: u16, option: &'static str) -> Result<TcpListener, StartError> {
    let address = SocketAddr::new(host, port);
    let open = || {
        let socket = if host.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // The port of a program that has just ended can be used again.
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
