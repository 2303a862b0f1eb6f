//! `cargo run`: the API on this machine.

use std::{
    env,
    error::Error,
    fmt,
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

use clap::{Parser, Subcommand};
use local::{Database, Limits, Options, Secret, Stack, StartError};
use stack::{Template, http_url};
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// Run the authentication API on this machine, with an embedded DynamoDB
///
/// Nothing else needs to be installed. Users and sessions are kept in the folder .local.
#[derive(Debug, Parser)]
#[command(
    bin_name = "cargo run --",
    args_conflicts_with_subcommands = true,
    after_help = "Environment, also read from the file .env:
  SECRET_KEY      at least 32 random bytes [default: generated and kept in the data folder]
  SECRET_ID       ARN or name of a secret in Secrets Manager, used if SECRET_KEY is not set; read with the AWS CLI's settings
  TOKEN_ISSUER    iss claim of access tokens [default: the API's URL]
  API_URL         the API's URL, if clients call it by another one than it listens on
  TOKEN_AUDIENCE  aud claim of access tokens [default: pyshop-api]
  LOG_LEVEL       level of the functions' log on standard error: off, error, warn, info, debug or trace [default: warn]

Examples:
  cargo run
  cargo run -- --in-memory --port 0 --dynamodb-port 0
  cargo run -- --cors-origin http://localhost:5173
  cargo run -- --dynamodb-endpoint http://localhost:8000
  cargo run -- create-tables"
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    options: Options,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create missing tables in a DynamoDB, for `sam local` and `cargo lambda watch`
    CreateTables {
        /// URL of the DynamoDB
        #[arg(long = "dynamodb-endpoint", value_name = "URL", default_value = "http://127.0.0.1:8000", value_parser = http_url)]
        url: String,
    },
}

/// How long requests that are in progress at Ctrl-C may take.
const GRACE: Duration = Duration::from_secs(3);

fn main() -> ExitCode {
    let Arguments { command, options } = Arguments::parse();
    let result = match command {
        None => run(&options),
        Some(Command::CreateTables { url }) => create_tables(&url),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            print(&mut io::stderr(), format_args!("error: {reason}"));
            if let Some(hint) = hint(&*reason) {
                print(&mut io::stderr(), format_args!("hint: {hint}"));
            }
            ExitCode::FAILURE
        }
    }
}

/// What to do about an error, if that is known.
fn hint(reason: &(dyn Error + 'static)) -> Option<String> {
    reason.downcast_ref::<StartError>().and_then(StartError::hint)
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    match dotenvy::dotenv() {
        Err(error) if !error.not_found() => return Err(format!(".env: {error}").into()),
        _ => {}
    }
    let variable = |name: &str| env::var(name).ok();
    let level = variable("LOG_LEVEL").and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::WARN);
    // The functions' log, and errors of everything else.
    let filter = Targets::new().with_default(LevelFilter::ERROR).with_target("shared", level);
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let stack = Stack::start(options, variable).await?;
        // Before the banner says that Ctrl-C stops it.
        let interrupted = interrupted()?;
        announce(&stack, options);
        interrupted.await;
        // A client with an unfinished request must not keep the program running.
        let _ = tokio::time::timeout(GRACE, stack.stop()).await;
        print(&mut io::stdout(), format_args!("Stopped."));
        Ok(())
    })
}

fn create_tables(url: &str) -> Result<(), Box<dyn Error>> {
    let template = Template::read()?;
    let settings_table = template.variable("SETTINGS_TABLE").unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(Database::at(url).creating().prepare(&template, &settings_table))?;
    let names: Vec<_> = template.tables().map(|(name, _)| name).collect();
    print(&mut io::stdout(), format_args!("{url}: tables {} are ready", names.join(", ")));
    Ok(())
}

fn announce(stack: &Stack, options: &Options) {
    let url = &stack.url;
    let docs = if options.no_docs { String::new() } else { format!("\nDocs         {url}/api/docs/") };
    let data = match &stack.data {
        Some(file) => format!("data in {}", file.display()),
        None if options.dynamodb_endpoint.is_some() => "external".into(),
        None => "in memory (lost on exit)".into(),
    };
    let secret = match &stack.secret {
        Secret::Environment => "SECRET_KEY".into(),
        Secret::SecretsManager(id) => format!("{id} in Secrets Manager"),
        Secret::File(path) => format!("{}", path.display()),
        Secret::Generated(path) => format!("{} (new); set SECRET_KEY to use another", path.display()),
        Secret::InMemory => "new, not kept; set SECRET_KEY to use another".into(),
    };
    let limits = match stack.limits {
        Limits::Lifted => {
            format!("effectively off (1,000,000 in a new settings item); lower them {}", where_to_lower(stack))
        }
        Limits::AsTheyAre => "from the existing settings item, or the defaults if there is none".into(),
    };
    let text = format!(
        "API          {url}{docs}
DynamoDB     {}, {data}
Secret       {secret}
Rate limits  {limits}

Try it in another terminal:

curl -i {url}/api/register/ -H 'Content-Type: application/json' \\
  -d '{{\"email\": \"ada@example.com\", \"password\": \"correct horse battery staple\"}}'

Ctrl-C stops it.
",
        stack.dynamodb_url
    );
    print(&mut io::stdout(), format_args!("{text}"));
}

/// How to lower the rate limits. `manage --local` needs to be told another URL, and finds no tables with other names.
fn where_to_lower(stack: &Stack) -> String {
    if ["USERS_TABLE", "REFRESH_TOKENS_TABLE", "SETTINGS_TABLE"].iter().any(|name| env::var_os(name).is_some()) {
        return "in that item".into();
    }
    let endpoint = match stack.dynamodb_url.as_str() {
        MANAGE_DEFAULT => String::new(),
        url => format!(" --dynamodb-endpoint {url}"),
    };
    format!("with `cargo run -p manage -- --local{endpoint} settings set NAME VALUE`")
}

/// The DynamoDB that `manage --local` uses unless it is told another.
const MANAGE_DEFAULT: &str = "http://127.0.0.1:8000";

/// Prints a line. If nobody reads the output any more, the program still runs.
fn print(output: &mut impl Write, line: fmt::Arguments<'_>) {
    let _ = writeln!(output, "{line}");
}

/// Listens from now on for Ctrl-C and for SIGTERM. The returned future completes at the first of them.
#[cfg(unix)]
fn interrupted() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupted, mut terminated) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    })
}

/// Listens from now on for Ctrl-C, at which the returned future completes.
#[cfg(windows)]
fn interrupted() -> io::Result<impl Future<Output = ()>> {
    let mut interrupted = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupted.recv().await;
    })
}
