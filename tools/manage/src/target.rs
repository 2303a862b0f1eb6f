//! The target of a command: a deployed stack, the local stack, or tables by their names.

use std::env;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::{Client, error::ProvideErrorMetadata};
use clap::{Args, error::ErrorKind};
use shared::{
    clock::Clock,
    error::describe_sdk_error,
    random::Random,
    store::{Sessions, SettingsTable, Users},
};
use stack::{DynamoDb, Template, http_url};

use crate::{
    Failure, Result,
    cloudformation::DeployedStack,
    credentials,
    events::{Events, Log},
};

/// The options that choose the target.
#[derive(Debug, Args)]
#[command(next_help_heading = "Target")]
pub(crate) struct Target {
    /// CloudFormation stack whose outputs name the tables
    #[arg(long, value_name = "NAME", global = true)]
    stack: Option<String>,

    /// Local stack that `cargo run` starts
    #[arg(long, global = true)]
    local: bool,

    /// Name of the users table, together with the two other --*-table options
    #[arg(long, value_name = "NAME", global = true, requires_all = ["refresh_tokens_table", "settings_table"])]
    users_table: Option<String>,

    /// Name of the refresh tokens table
    #[arg(long, value_name = "NAME", global = true, requires = "users_table")]
    refresh_tokens_table: Option<String>,

    /// Name of the settings table
    #[arg(long, value_name = "NAME", global = true, requires = "users_table")]
    settings_table: Option<String>,

    /// AWS region [default: that of the AWS CLI]
    #[arg(long, global = true)]
    region: Option<String>,

    /// URL of DynamoDB, if it is not AWS's [default with --local: http://127.0.0.1:8000]
    #[arg(long, value_name = "URL", global = true, value_parser = http_url)]
    dynamodb_endpoint: Option<String>,
}

/// The tables of a target, as the stores of the service, and what else belongs to the target.
#[derive(Debug)]
pub(crate) struct Tables {
    pub(crate) users: Users,
    pub(crate) sessions: Sessions,
    pub(crate) settings: SettingsTable,
    /// Where changes are recorded.
    pub(crate) events: Events,
    /// The names of the service, which a new password must not be made of.
    pub(crate) service_words: String,
}

#[derive(Debug)]
struct TableNames {
    users: String,
    refresh_tokens: String,
    settings: String,
}

/// A target whose tables are known by name, and not yet checked.
#[derive(Debug)]
struct Resolved {
    client: Client,
    names: TableNames,
    service_words: String,
    access_key_id: Option<String>,
    log: Option<Log>,
}

/// The DynamoDB of the local stack, unless another URL is given.
const LOCAL_DYNAMODB: &str = "http://127.0.0.1:8000";

impl Target {
    /// Refuses options that contradict each other. Clap only looks for conflicts among the arguments of one level, and
    /// `manage --local users list --stack NAME` has them at two.
    ///
    /// # Errors
    /// The two options.
    pub(crate) fn check(&self) -> std::result::Result<(), clap::Error> {
        let [stack, local, tables] =
            [("--stack", self.stack.is_some()), ("--local", self.local), ("--users-table", self.users_table.is_some())];
        let region = ("--region", self.region.is_some());
        let endpoint = ("--dynamodb-endpoint", self.dynamodb_endpoint.is_some());
        let pairs = [(stack, local), (stack, tables), (local, tables), (stack, endpoint), (local, region)];
        match pairs.into_iter().find(|((_, one), (_, other))| *one && *other) {
            None => Ok(()),
            Some(((one, _), (other, _))) => {
                Err(clap::Error::raw(ErrorKind::ArgumentConflict, format!("{one} and {other} cannot be used together")))
            }
        }
    }

    /// The tables of the target, all of which exist.
    pub(crate) async fn tables(self) -> Result<Tables> {
        let location = self.location();
        let Resolved { client, names, service_words, access_key_id, log } = self.resolve().await?;
        tokio::try_join!(
            require_table(&client, &names.users, &location),
            require_table(&client, &names.refresh_tokens, &location),
            require_table(&client, &names.settings, &location),
        )?;
        let (clock, random) = (Clock::system(), Random::system());
        Ok(Tables {
            users: Users::new(client.clone(), names.users, clock.clone(), random.clone()),
            sessions: Sessions::new(client.clone(), names.refresh_tokens, clock.clone(), random),
            settings: SettingsTable::new(client, names.settings),
            events: Events::new(clock, access_key_id.as_deref(), log),
            service_words,
        })
    }

    async fn resolve(self) -> Result<Resolved> {
        if self.local {
            let template = Template::read()?;
            let name = |variable: &str| template.variable(variable).unwrap_or_default();
            let names = TableNames {
                users: name("USERS_TABLE"),
                refresh_tokens: name("REFRESH_TOKENS_TABLE"),
                settings: name("SETTINGS_TABLE"),
            };
            return Ok(Resolved::at(self.dynamodb_endpoint.as_deref().unwrap_or(LOCAL_DYNAMODB), names).await);
        }
        match (self.stack, self.users_table, self.refresh_tokens_table, self.settings_table) {
            (Some(stack), ..) => {
                let (sdk, access_key_id) = credentials::sdk(self.region).await?;
                Resolved::of_stack(&sdk, access_key_id, DeployedStack::find(&sdk, stack).await?)
            }
            (None, Some(users), Some(refresh_tokens), Some(settings)) => {
                let names = TableNames { users, refresh_tokens, settings };
                if let Some(url) = self.dynamodb_endpoint {
                    return Ok(Resolved::at(&url, names).await);
                }
                let (sdk, access_key_id) = credentials::sdk(self.region).await?;
                let (client, access_key_id) = (Client::new(&sdk), Some(access_key_id));
                Ok(Resolved { client, names, service_words: service_words(), access_key_id, log: None })
            }
            _ => Err("no target: pass --stack NAME, --local, or the three --*-table options".into()),
        }
    }

    fn location(&self) -> Location {
        match (&self.dynamodb_endpoint, self.local) {
            (Some(url), is_local) => Location { name: url.clone(), is_local },
            (None, true) => Location { name: LOCAL_DYNAMODB.into(), is_local: true },
            (None, false) => Location { name: "DynamoDB of this account and region".into(), is_local: false },
        }
    }
}

/// Where the tables are, for messages.
#[derive(Debug)]
struct Location {
    name: String,
    /// Whether `--local` chose it.
    is_local: bool,
}

impl Resolved {
    /// Tables in the DynamoDB at this URL.
    async fn at(url: &str, names: TableNames) -> Self {
        let client = DynamoDb::at(url).client().await;
        Self { client, names, service_words: service_words(), access_key_id: None, log: None }
    }

    /// The tables that a stack's outputs name.
    fn of_stack(sdk: &SdkConfig, access_key_id: String, stack: DeployedStack) -> Result<Self> {
        let names = TableNames {
            users: stack.output("UsersTableName")?,
            refresh_tokens: stack.output("RefreshTokensTableName")?,
            settings: stack.output("SettingsTableName")?,
        };
        let group = stack.output("FunctionsLogName").map_err(|failure| failure.message);
        Ok(Self {
            client: Client::new(sdk),
            names,
            service_words: stack.parameter("ServiceWords").unwrap_or_default().into(),
            access_key_id: Some(access_key_id),
            log: Some(Log { client: aws_sdk_cloudwatchlogs::Client::new(sdk), group }),
        })
    }
}

/// The names of the service, for a target other than a stack.
fn service_words() -> String {
    env::var("SERVICE_WORDS").unwrap_or_default()
}

/// Fails with a clear message if a table does not exist, before anything is changed.
async fn require_table(client: &Client, table: &str, location: &Location) -> Result<()> {
    let Location { name, is_local } = location;
    let Err(error) = client.describe_table().table_name(table).send().await else { return Ok(()) };
    let failure: Failure = match (error.code(), error.message()) {
        (Some("ResourceNotFoundException"), _) => format!("table not found: {table} in {name}").into(),
        (_, Some(_)) => format!("table {table}: {}", describe_sdk_error(&error)).into(),
        _ if *is_local => Failure::new(
            format!("no answer from {name}: {}", describe_sdk_error(&error)),
            "start the local stack with `cargo run`",
        ),
        _ => format!("no answer from {name}: {}", describe_sdk_error(&error)).into(),
    };
    Err(failure.into())
}
