//! Where the tables are.

use aws_config::{Region, SdkConfig, retry::RetryConfig};
use aws_sdk_cloudformation::types::Output;
use aws_sdk_dynamodb::{
    Client,
    config::ProvideCredentials,
    error::{DisplayErrorContext, ProvideErrorMetadata},
};
use clap::Args;
use local::{Database, http_url, template::Template};
use shared::{
    aws,
    clock::Clock,
    random::Random,
    store::{Sessions, SettingsTable, Users},
};

use crate::Result;

/// Where to work: a stack, the local stack, or tables by their names
#[derive(Debug, Args)]
#[command(next_help_heading = "Where")]
pub(crate) struct Place {
    /// The CloudFormation stack whose outputs name the tables
    #[arg(long, value_name = "NAME", global = true, conflicts_with_all = ["local", "users_table"])]
    stack: Option<String>,

    /// The local stack, which `cargo run` starts
    #[arg(long, global = true, conflicts_with = "users_table")]
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
    #[arg(long, global = true, conflicts_with = "local")]
    region: Option<String>,

    /// Where DynamoDB is, if not at AWS; with --local http://127.0.0.1:8000
    #[arg(long, value_name = "URL", global = true, conflicts_with = "stack", value_parser = http_url)]
    dynamodb_endpoint: Option<String>,
}

/// The tables, as the stores of the service.
#[derive(Debug)]
pub(crate) struct Tables {
    pub(crate) users: Users,
    pub(crate) sessions: Sessions,
    pub(crate) settings: SettingsTable,
}

/// The names of the tables.
#[derive(Debug)]
struct Names {
    users: String,
    refresh_tokens: String,
    settings: String,
}

/// Where the local stack has its DynamoDB, if nothing else was said.
const LOCAL: &str = "http://127.0.0.1:8000";

/// How often a request is tried: an import may write faster than a table takes it at first.
const ATTEMPTS: u32 = 10;

impl Place {
    /// The tables there, all of which there are.
    pub(crate) async fn tables(self) -> Result<Tables> {
        let place = self.shown();
        let (client, names) = self.find().await?;
        tokio::try_join!(
            is_there(&client, &names.users, &place),
            is_there(&client, &names.refresh_tokens, &place),
            is_there(&client, &names.settings, &place),
        )?;
        let (clock, random) = (Clock::system(), Random::system());
        Ok(Tables {
            users: Users::new(client.clone(), names.users, clock.clone(), random.clone()),
            sessions: Sessions::new(client.clone(), names.refresh_tokens, clock, random),
            settings: SettingsTable::new(client, names.settings),
        })
    }

    async fn find(self) -> Result<(Client, Names)> {
        if self.local {
            let template = Template::read()?;
            let name = |variable: &str| template.variable(variable).unwrap_or_default();
            let names = Names {
                users: name("USERS_TABLE"),
                refresh_tokens: name("REFRESH_TOKENS_TABLE"),
                settings: name("SETTINGS_TABLE"),
            };
            let url = self.dynamodb_endpoint.as_deref().unwrap_or(LOCAL);
            return Ok((Database::at(url).client().await, names));
        }
        match (self.stack, self.users_table, self.refresh_tokens_table, self.settings_table) {
            (Some(stack), ..) => {
                let sdk = sdk(self.region).await?;
                let names = names_of(&sdk, &stack).await?;
                Ok((Client::new(&sdk), names))
            }
            (None, Some(users), Some(refresh_tokens), Some(settings)) => {
                let client = match self.dynamodb_endpoint {
                    Some(url) => Database::at(&url).client().await,
                    None => Client::new(&sdk(self.region).await?),
                };
                Ok((client, Names { users, refresh_tokens, settings }))
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

/// The SDK with the credentials and the region that the AWS CLI would have.
async fn sdk(region: Option<String>) -> Result<SdkConfig> {
    let loader = aws::anywhere().retry_config(RetryConfig::adaptive().with_max_attempts(ATTEMPTS));
    let loader = match region {
        Some(region) => loader.region(Region::new(region)),
        None => loader,
    };
    let sdk = loader.load().await;
    if sdk.region().is_none() {
        return Err("no region is set: say --region, or set AWS_REGION".into());
    }
    let Some(credentials) = sdk.credentials_provider() else { return Err(NO_CREDENTIALS.into()) };
    credentials.provide_credentials().await.map_err(|_| NO_CREDENTIALS)?;
    Ok(sdk)
}

const NO_CREDENTIALS: &str =
    "no AWS credentials: run `aws configure` or `aws sso login`, or set AWS_PROFILE or AWS_ACCESS_KEY_ID";

/// The tables that a stack's outputs name.
async fn names_of(sdk: &SdkConfig, stack: &str) -> Result<Names> {
    let region = sdk.region().map(ToString::to_string).unwrap_or_default();
    let request = aws_sdk_cloudformation::Client::new(sdk).describe_stacks().stack_name(stack);
    let answer = request.send().await.map_err(|error| match (error.code(), error.message()) {
        (Some("ValidationError"), _) => format!("there is no stack {stack} in {region}: say --region for another"),
        (_, Some(message)) => format!("CloudFormation: {message}"),
        _ => format!("CloudFormation does not answer in {region}: {}", DisplayErrorContext(error)),
    })?;
    let outputs = answer.stacks.unwrap_or_default().into_iter().flat_map(|stack| stack.outputs.unwrap_or_default());
    let outputs: Vec<Output> = outputs.collect();
    let output = |name: &str| {
        let value = outputs.iter().find(|output| output.output_key() == Some(name)).and_then(Output::output_value);
        value.map(str::to_owned).ok_or_else(|| format!("the stack {stack} has no output {name}: is it this service?"))
    };
    Ok(Names {
        users: output("UsersTableName")?,
        refresh_tokens: output("RefreshTokensTableName")?,
        settings: output("SettingsTableName")?,
    })
}

/// Fails with a clear line where a table is not there, before anything is begun.
async fn is_there(client: &Client, table: &str, place: &str) -> Result<()> {
    match client.describe_table().table_name(table).send().await {
        Ok(_) => Ok(()),
        Err(error) => Err(match (error.code(), error.message()) {
            (Some("ResourceNotFoundException"), _) => format!("there is no table {table} at {place}"),
            (_, Some(message)) => format!("the table {table}: {message}"),
            _ => format!("nothing answers at {place}: {}", DisplayErrorContext(error)),
        }
        .into()),
    }
}
