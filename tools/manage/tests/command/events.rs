//! The audit events of operators.

use serde_json::{Value, json};

use crate::{
    cloud::{Cloud, OUTPUTS},
    world::{PASSWORD, World},
};

/// Commands that change or reveal something, each with its event and a word in it.
const COMMANDS: [(&str, &str, &str); 12] = [
    ("users create --email quokka@example.com --username quokka", "user_created", "user_id"),
    ("users set-password quokka", "authn_password_change", "password"),
    ("users unlock quokka", "user_updated", "failed_logins"),
    ("users disable quokka --yes", "user_updated", "disabled"),
    ("users enable quokka", "user_updated", "disabled"),
    ("users set-email quokka wombat@example.com --yes", "user_updated", "email"),
    ("users set-username quokka wombat --yes", "user_updated", "username"),
    ("sessions revoke wombat --all", "authn_token_revoked", "sessions"),
    ("settings set ACCESS_TOKEN_LIFETIME 600", "sensitive_update", "ACCESS_TOKEN_LIFETIME"),
    ("settings reset ACCESS_TOKEN_LIFETIME", "sensitive_update", "ACCESS_TOKEN_LIFETIME"),
    ("export", "sensitive_read", "users"),
    ("users delete wombat --yes", "user_deleted", "user_id"),
];

#[tokio::test]
async fn every_change_is_an_event_with_ids_and_field_names_and_no_values() {
    let world = World::new().await;
    for (arguments, event, named) in COMMANDS {
        if arguments.starts_with("sessions") {
            world.log_in("wombat@example.com").await;
        }
        let ended = world.manage_with(arguments, PASSWORD).await.done();
        assert_eq!((ended.events.len(), &ended.events[0]["event"]), (1, &json!(event)), "{arguments}");
        let text = ended.events[0].to_string();
        assert!(text.contains(named), "{text}");
        for never in ["quokka", "wombat", "example.com", PASSWORD, "$argon2"] {
            assert!(!text.contains(never), "{text}");
        }
    }
}

#[tokio::test]
async fn an_event_has_the_time_the_operator_the_user_and_the_change() {
    let world = World::new().await;
    world.register("ada@example.com", "ada").await;
    let id = world.manage("users show ada --json").await.done().documents()[0]["id"].clone();
    let event = world.manage("users disable ada --yes").await.done().events.remove(0);
    let timestamp = event["timestamp"].as_str().unwrap();
    assert!(timestamp.len() == "2026-11-25T12:00:00Z".len() && timestamp.ends_with('Z'), "{timestamp}");
    assert_eq!((&event["level"], &event["user_id"]), (&json!("INFO"), &id));
    assert_eq!((&event["changed"], &event["disabled"]), (&json!(["disabled"]), &json!(true)));
    assert!(event["operator"].as_object().unwrap().contains_key("host"), "{event}");

    let set = world.manage("settings set ACCESS_TOKEN_LIFETIME 600").await.done().events.remove(0);
    assert_eq!((&set["before"], &set["value"]), (&json!("300"), &json!("600")));
}

#[tokio::test]
async fn an_import_is_an_event_with_its_counts_and_a_dry_run_is_not() {
    let world = World::new().await;
    world.register("ada@example.com", "ada").await;
    let exported = world.manage("export").await.done().output;
    world.manage("users delete ada --yes").await.done();
    assert!(world.manage_with("import - --dry-run", exported.clone()).await.done().events.is_empty());
    let event = world.manage_with("import -", exported).await.done().events.remove(0);
    assert_eq!((&event["event"], &event["added"]), (&json!("sensitive_create"), &json!(1)));
}

#[tokio::test]
async fn a_failed_change_and_a_mere_look_are_no_events() {
    let world = World::new().await;
    world.register("ada@example.com", "ada").await;
    for arguments in [
        "users list",
        "users show ada",
        "sessions list ada",
        "settings list",
        "users show grace",
        "users delete ada",
        "users enable ada",
        "users set-email ada nowhere --yes",
        "users set-email ada ada@example.com --yes",
        "settings set ACCESS_TOKEN_LIFETIME 0",
    ] {
        assert!(world.manage(arguments).await.events.is_empty(), "{arguments}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_events_of_a_stack_are_in_the_functions_log_too() {
    let (world, cloud) = (World::new().await, Cloud::default().start().await);
    for lifetime in [600, 700] {
        let set = format!("settings set ACCESS_TOKEN_LIFETIME {lifetime}");
        let ended = cloud.manage(&world, "pyshop-auth", &set, "").await.done();
        let event = &ended.events[0];
        assert_eq!(event["operator"]["user"], "operator");
        assert_eq!(event["operator"]["access_key_id"], "AKIAEXAMPLE");
        assert!(!event.to_string().contains("secret-access-key"), "{event}");
        assert_eq!(ended.errors, "");

        let logged = cloud.logged();
        let ((create, stream), (put, request)) = (&logged[logged.len() - 2], &logged[logged.len() - 1]);
        assert_eq!((create.as_str(), put.as_str()), ("CreateLogStream", "PutLogEvents"));
        assert_eq!(stream["logGroupName"], "/aws/lambda/pyshop-auth");
        assert!(stream["logStreamName"].as_str().unwrap().starts_with("manage/20"), "{stream}");
        assert_eq!(request["logStreamName"], stream["logStreamName"]);
        let message = request["logEvents"][0]["message"].as_str().unwrap();
        assert_eq!(&serde_json::from_str::<Value>(message).unwrap(), event);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_made_even_if_its_event_cannot_be_logged() {
    let world = World::new().await;
    let denied = Cloud { logs_are_denied: true, ..Cloud::default() }.start().await;
    let set = "settings set ACCESS_TOKEN_LIFETIME 600";
    let ended = denied.manage(&world, "pyshop-auth", set, "").await.done();
    let warning = "warning: the event was not written to the functions' log: AccessDeniedException: ";
    assert!(ended.errors.starts_with(warning) && ended.errors.lines().count() == 1, "{ended:?}");
    assert_eq!((ended.events.len(), ended.output.as_str()), (1, "ACCESS_TOKEN_LIFETIME: 300 -> 600 seconds\n"));

    let from_before = Cloud { outputs: OUTPUTS.to_vec(), ..Cloud::default() }.start().await;
    let ended = from_before.manage(&world, "pyshop-auth", set, "").await.done();
    assert!(ended.errors.contains("stack pyshop-auth has no output FunctionsLogName"), "{ended:?}");
    assert_eq!((ended.errors.lines().count(), from_before.logged().len()), (1, 0));
}
