//! Where the tables are.

use std::env;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::{Client, error::ProvideErrorMetadata};
use clap::{Args, error::ErrorKind};
use local::{Database, http_url, template::Template};
use shared::{
    clock::Clock,
    error::describe_sdk_error,
    random::Random,
    store::{Sessions, SettingsTable, Users},
};

use crate::{
    Result, credentials,
    events::{Events, Log},
    stack::Stack,
};

/// Where to work: a stack, the local stack, or tables by their names
#[derive(Debug, Args)]
#[command(next_help_heading = "Where")]
pub(crate) struct Place {
    /// The CloudFormation stack whose outputs name the tables
    #[arg(long, value_name = "NAME", global = true)]
    stack: Option<String>,

    /// The local stack, which `cargo run` starts
    #[arg(long, global = true)]
    local: bool,

    /// The table of users, with the two others, where no stack names them
    #[arg(long, value_name = "NAME", global = true, requires_all = ["refresh_tokens_table", "settings_table"])]
    users_table: Option<String>,

    /// The table of sessions
    #[arg(long, value_name = "NAME", global = true, requires = "users_table")]
    refresh_tokens_table: Option<String>,

    /// The table with the settings item
    #[arg(long, value_name = "NAME", global = true, requires = "users_table")]
    settings_table: Option<String>,

    /// The region, instead of the one that the AWS CLI would take
    #[arg(long, global = true)]
    region: Option<String>,

    /// Where DynamoDB is, if not at AWS; with --local http://127.0.0.1:8000
    #[arg(long, value_name = "URL", global = true, value_parser = http_url)]
    dynamodb_endpoint: Option<String>,
}

/// The tables, as the stores of the service, and what belongs to the place where they are.
#[derive(Debug)]
pub(crate) struct Tables {
    pub(crate) users: Users,
    pub(crate) sessions: Sessions,
    pub(crate) settings: SettingsTable,
    /// Where is told what was done to them.
    pub(crate) events: Events,
    /// The names of the service, of which no password is made.
    pub(crate) service_words: String,
}

/// The names of the tables.
#[derive(Debug)]
struct Names {
    users: String,
    refresh_tokens: String,
    settings: String,
}

/// What was found at a place.
#[derive(Debug)]
struct Found {
    client: Client,
    names: Names,
    service_words: String,
    access_key_id: Option<String>,
    log: Option<Log>,
}

/// Where the local stack has its DynamoDB, if nothing else was said.
const LOCAL: &str = "http://127.0.0.1:8000";

impl Place {
    /// Refuses a place that contradicts itself. This is not left to clap, which looks for conflicts among the arguments of one
    /// level alone: in `manage --local users list --stack NAME` there are two.
    ///
    /// # Errors
    /// Which two arguments contradict each other.
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

    /// The tables there, all of which there are.
    pub(crate) async fn tables(self) -> Result<Tables> {
        let place = self.shown();
        let Found { client, names, service_words, access_key_id, log } = self.find().await?;
        tokio::try_join!(
            is_there(&client, &names.users, &place),
            is_there(&client, &names.refresh_tokens, &place),
            is_there(&client, &names.settings, &place),
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

    async fn find(self) -> Result<Found> {
        if self.local {
            let template = Template::read()?;
            let name = |variable: &str| template.variable(variable).unwrap_or_default();
            let names = Names {
                users: name("USERS_TABLE"),
                refresh_tokens: name("REFRESH_TOKENS_TABLE"),
                settings: name("SETTINGS_TABLE"),
            };
            return Ok(Found::at(self.dynamodb_endpoint.as_deref().unwrap_or(LOCAL), names).await);
        }
        match (self.stack, self.users_table, self.refresh_tokens_table, self.settings_table) {
            (Some(stack), ..) => {
                let (sdk, access_key_id) = credentials::sdk(self.region).await?;
                Found::of_stack(&sdk, access_key_id, Stack::find(&sdk, stack).await?)
            }
            (None, Some(users), Some(refresh_tokens), Some(settings)) => {
                let names = Names { users, refresh_tokens, settings };
                if let Some(url) = self.dynamodb_endpoint {
                    return Ok(Found::at(&url, names).await);
                }
                let (sdk, access_key_id) = credentials::sdk(self.region).await?;
                let (client, access_key_id) = (Client::new(&sdk), Some(access_key_id));
                Ok(Found { client, names, service_words: service_words(), access_key_id, log: None })
            }
            _ => Err("where? say --stack NAME, --local, or the names of the tables (--help)".into()),
        }
    }

    /// Where this is, for a message.
    fn shown(&self) -> String {
        match (&self.dynamodb_endpoint, self.local) {
            (Some(url), _) => url.clone(),
            (None, true) => format!("{LOCAL} (`cargo run` starts the local stack)"),
            (None, false) => "DynamoDB in this account and region".into(),
        }
    }
}

impl Found {
    /// Tables in the DynamoDB at this URL.
    async fn at(url: &str, names: Names) -> Self {
        let client = Database::at(url).client().await;
        Self { client, names, service_words: service_words(), access_key_id: None, log: None }
    }

    /// What a stack's outputs and parameters name.
    fn of_stack(sdk: &SdkConfig, access_key_id: String, stack: Stack) -> Result<Self> {
        let names = Names {
            users: stack.output("UsersTableName")?,
            refresh_tokens: stack.output("RefreshTokensTableName")?,
            settings: stack.output("SettingsTableName")?,
        };
        let group = stack.output("FunctionsLogName");
        Ok(Self {
            client: Client::new(sdk),
            names,
            service_words: stack.parameter("ServiceWords").unwrap_or_default().into(),
            access_key_id: Some(access_key_id),
            log: Some(Log { client: aws_sdk_cloudwatchlogs::Client::new(sdk), group }),
        })
    }
}

/// The names of the service, where no stack has them.
fn service_words() -> String {
    env::var("SERVICE_WORDS").unwrap_or_default()
}

/// Fails with a clear line where a table is not there, before anything is begun.
async fn is_there(client: &Client, table: &str, place: &str) -> Result<()> {
    match client.describe_table().table_name(table).send().await {
        Ok(_) => Ok(()),
        Err(error) => Err(match (error.code(), error.message()) {
            (Some("ResourceNotFoundException"), _) => format!("there is no table {table} at {place}"),
            (_, Some(_)) => format!("the table {table}: {}", describe_sdk_error(&error)),
            _ => format!("nothing answers at {place}: {}", describe_sdk_error(&error)),
        }
        .into()),
    }
}
