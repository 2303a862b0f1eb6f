//! The DynamoDB that it uses: the embedded one, or an external one.

use local::{Database, Options, tables, template::Template};
use rstest::rstest;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::running::{REGISTRATION, Running, assert_refused, program};

const VARIABLES: [&str; 3] = ["USERS_TABLE", "REFRESH_TOKENS_TABLE", "SETTINGS_TABLE"];

/// A DynamoDB as a deployment leaves it: with tables under other names, and no items.
struct Deployed {
    runtime: Runtime,
    database: Database,
}

impl Deployed {
    /// With these tables.
    fn with(variables: &[&str]) -> Self {
        let runtime = Runtime::new().unwrap();
        let database = runtime.block_on(async {
            let database = Database::start(&Options::for_tests()).await.unwrap();
            let client = database.client().await;
            let template = Template::read().unwrap().with_table_names(|name| Some(deployed(name)));
            tables::create_missing(&client, database.url(), &template).await.unwrap();
            for variable in VARIABLES.iter().filter(|variable| !variables.contains(variable)) {
                client.delete_table().table_name(deployed(variable)).send().await.unwrap();
            }
            database
        });
        Self { runtime, database }
    }

    /// A stack on it that knows the names of its tables.
    fn stack(&self, folder: &TempDir) -> Running {
        let arguments = ["--in-memory", "--port", "0", "--dynamodb-endpoint", self.database.url()];
        let mut command = program(folder.path(), &arguments);
        command.envs(VARIABLES.map(|variable| (variable, deployed(variable))));
        Running::start(command)
    }

    fn tables(&self) -> Vec<String> {
        let request = async { self.database.client().await.list_tables().send().await };
        self.runtime.block_on(request).unwrap().table_names.unwrap()
    }

    /// How many items a table has.
    fn items(&self, variable: &str) -> i32 {
        let request = async { self.database.client().await.scan().table_name(deployed(variable)).send().await };
        self.runtime.block_on(request).unwrap().count
    }
}

/// The name of a table in it.
fn deployed(variable: &str) -> String {
    format!("stack-{variable}")
}

#[test]
fn two_stacks_can_use_the_same_dynamodb() {
    let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let owner = Running::in_folder(&folders[0]);
    let on_it = |folder: &TempDir| {
        let arguments = ["--port", "0", "--dynamodb-endpoint", &owner.dynamodb_url];
        Running::start(program(folder.path(), &arguments))
    };
    let (one, other) = (on_it(&folders[1]), on_it(&folders[2]));
    assert_eq!(one.dynamodb_url, owner.dynamodb_url);
    assert_eq!(one.post("/api/register/", REGISTRATION).status(), 201);
    assert_eq!(other.post("/api/login/", REGISTRATION).status(), 200);
}

#[test]
fn existing_tables_are_not_written_to_and_their_limits_apply() {
    let folder = tempfile::tempdir().unwrap();
    let deployed = Deployed::with(&VARIABLES);
    let before = deployed.tables();
    let stack = deployed.stack(&folder);
    assert!(
        stack.banner.contains("from the existing settings item") && !stack.banner.contains("1,000,000"),
        "{}",
        stack.banner
    );
    assert_eq!(VARIABLES.map(|variable| deployed.items(variable)), [0, 0, 0]);
    assert_eq!(deployed.tables(), before);

    let statuses = [(); 11].map(|()| stack.post("/api/login/", REGISTRATION).status().as_u16());
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 10, "{statuses:?}");
    assert_eq!(statuses.last(), Some(&429));
    assert_eq!(deployed.items("SETTINGS_TABLE"), 0);
}

#[test]
fn missing_tables_are_created_under_the_names_in_the_variables() {
    let folder = tempfile::tempdir().unwrap();
    let deployed = Deployed::with(&[]);
    let stack = deployed.stack(&folder);
    assert!(stack.banner.contains("(1,000,000 in a new settings item); lower them in that item"), "{}", stack.banner);
    assert_eq!(deployed.tables(), ["stack-REFRESH_TOKENS_TABLE", "stack-SETTINGS_TABLE", "stack-USERS_TABLE"]);
    assert_eq!(deployed.items("SETTINGS_TABLE"), 1);
    assert_eq!(stack.post("/api/register/", REGISTRATION).status(), 201);
}

#[test]
fn an_existing_settings_table_is_not_written_to_if_other_tables_are_new() {
    let folder = tempfile::tempdir().unwrap();
    let deployed = Deployed::with(&["SETTINGS_TABLE"]);
    let stack = deployed.stack(&folder);
    assert!(!stack.banner.contains("1,000,000"), "{}", stack.banner);
    assert_eq!(deployed.tables().len(), 3);
    assert_eq!(deployed.items("SETTINGS_TABLE"), 0);
}

#[test]
fn create_tables_writes_settings_only_to_a_table_that_it_created() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = Runtime::new().unwrap();
    let database = runtime.block_on(Database::start(&Options::for_tests())).unwrap();
    let client = runtime.block_on(database.client());
    let create = || {
        let arguments = ["create-tables", "--dynamodb-endpoint", database.url()];
        let output = program(folder.path(), &arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let settings = || {
        let request = async { client.scan().table_name("SettingsTable").send().await };
        runtime.block_on(request).unwrap().items.unwrap()
    };
    create();
    let created = settings();
    assert_eq!(created.len(), 1);

    // As an operator does to return to the defaults.
    let item = created.first().unwrap();
    let delete = client.delete_item().table_name("SettingsTable").key("id", item.get("id").unwrap().clone());
    runtime.block_on(delete.send()).unwrap();
    create();
    assert!(settings().is_empty());
}

#[test]
fn the_settings_item_is_kept_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let first = Running::in_folder(&folder);
    assert!(first.banner.contains("1,000,000 in a new settings item"), "{}", first.banner);
    first.signal("-INT");
    first.end();
    let second = Running::in_folder(&folder);
    assert!(second.banner.contains("from the existing settings item"), "{}", second.banner);
}

#[test]
fn a_dynamodb_that_does_not_answer_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    // Taken, so that no other program gets it, but nothing listens there.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    let output = program(folder.path(), &["--port", "0", "--dynamodb-endpoint", &url]).output().unwrap();
    assert_refused(&output, &format!("error: cannot use the DynamoDB at {url}: "), "no answer", None);
}

#[test]
fn a_server_that_is_not_dynamodb_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::in_folder(&folder);
    let arguments = ["--in-memory", "--port", "0", "--dynamodb-endpoint", &running.url];
    let output = program(folder.path(), &arguments).output().unwrap();
    assert_refused(
        &output,
        &format!("error: cannot use the DynamoDB at {}: ", running.url),
        "the server there is not DynamoDB",
        None,
    );
}

#[rstest]
#[case::no_scheme("localhost:8000")]
#[case::no_host("http://")]
#[case::a_blank_inside("http://local host:8000")]
fn an_endpoint_that_is_not_a_url_is_refused(#[case] url: &str) {
    let folder = tempfile::tempdir().unwrap();
    let output = program(folder.path(), &["--dynamodb-endpoint", url]).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && error.contains("invalid value"), "{error}");
}
