//! `cargo run`: the API on this machine.

use std::{
    fmt,
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

use clap::{Parser, Subcommand};
use local::{Database, Limits, Options, Secret, Stack};
use stack::{Template, http_url};
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// The authentication API on this machine: every function behind one port, on an embedded DynamoDB
///
/// Nothing else needs to be installed. Users and sessions last in the folder .local between starts.
#[derive(Debug, Parser)]
#[command(
    bin_name = "cargo run --",
    args_conflicts_with_subcommands = true,
    after_help = "Environment, also read from a file .env:
  SECRET_KEY      at least 32 random bytes; without it one is made and kept in the folder for data
  SECRET_ID       instead: the ARN or name of a secret in Secrets Manager, read with the AWS CLI's settings
  TOKEN_ISSUER    the claim iss of access tokens [default: pyshop-auth]
  TOKEN_AUDIENCE  the claim aud of access tokens [default: pyshop-api]
  LOG_LEVEL       error, warn, info, debug, trace or off, for the functions' log on standard error [default: warn]

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
    /// Create the tables that a DynamoDB lacks, for `sam local` and `cargo lambda watch`
    CreateTables {
        /// Where the DynamoDB is
        #[arg(long = "dynamodb-endpoint", value_name = "URL", default_value = "http://127.0.0.1:8000", value_parser = http_url)]
        url: String,
    },
}

/// How long requests that are under way at Ctrl-C may take.
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
            say(&mut io::stderr(), format_args!("error: {reason}"));
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), Box<dyn std::error::Error>> {
    match dotenvy::dotenv() {
        Err(error) if !error.not_found() => return Err(format!(".env: {error}").into()),
        _ => {}
    }
    let variable = |name: &str| std::env::var(name).ok();
    let level = variable("LOG_LEVEL").and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::WARN);
    // The functions' log, and of everything else what went wrong.
    let filter = Targets::new().with_default(LevelFilter::ERROR).with_target("shared", level);
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let stack = Stack::start(options, variable).await?;
        // Before anybody is told that Ctrl-C stops it.
        let interrupted = interrupted()?;
        announce(&stack, options);
        interrupted.await;
        // A client that keeps half a request back does not keep the program.
        let _ = tokio::time::timeout(GRACE, stack.stop()).await;
        say(&mut io::stdout(), format_args!("Stopped."));
        Ok(())
    })
}

fn create_tables(url: &str) -> Result<(), Box<dyn std::error::Error>> {
    let template = Template::read()?;
    let settings_table = template.variable("SETTINGS_TABLE").unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(Database::at(url).creating().prepare(&template, &settings_table))?;
    let names: Vec<_> = template.tables().map(|(name, _)| name).collect();
    say(&mut io::stdout(), format_args!("{url} has {}.", names.join(", ")));
    Ok(())
}

fn announce(stack: &Stack, options: &Options) {
    let url = &stack.url;
    let data = match &stack.data {
        Some(file) => format!("data in {}", file.display()),
        None => "keeps no data".into(),
    };
    let secret = match &stack.secret {
        Secret::Environment => "SECRET_KEY".into(),
        Secret::SecretsManager(id) => format!("{id} in Secrets Manager"),
        Secret::File(path) => format!("{}", path.display()),
        Secret::Made(path) => format!("{}, made now; set SECRET_KEY to use your own", path.display()),
        Secret::InMemory => "made now, kept nowhere; set SECRET_KEY to use your own".into(),
    };
    let limits = match stack.limits {
        Limits::Lifted => "1000000 in a new settings item, to be lowered there",
        Limits::AsTheyAre => "those of the settings item, the defaults without one; no limit was written",
    };
    let docs = if options.no_docs { String::new() } else { format!("\nDocs      {url}/api/docs/") };
    let text = format!(
        "API       {url}{docs}
DynamoDB  {}, {data}
Secret    {secret}
Limits    of failed logins, registrations and changes of a profile: {limits}

Try it, from another terminal:

curl -i {url}/api/register/ -H 'Content-Type: application/json' \\
  -d '{{\"email\": \"ada@example.com\", \"password\": \"correct horse battery staple\"}}'

Ctrl-C stops it.
",
        stack.dynamodb_url
    );
    say(&mut io::stdout(), format_args!("{text}"));
}

/// Prints a line. Nobody may be reading any more; that is no reason to stop.
fn say(output: &mut impl Write, line: fmt::Arguments<'_>) {
    let _ = writeln!(output, "{line}");
}

/// Listens from now on for Ctrl-C, and for the signal that a supervisor sends; what is returned ends with the first of them.
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

/// Listens from now on for Ctrl-C; what is returned ends with it.
#[cfg(windows)]
fn interrupted() -> io::Result<impl Future<Output = ()>> {
    let mut interrupted = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupted.recv().await;
    })
}
