//! Text from users and arguments is harmless on an operator's terminal.

use serde_json::json;

use crate::world::{Ended, PASSWORD, World};

/// Sets the window's title, writes the clipboard, erases the line and reverses the rest of it.
const HOSTILE: &str =
    "\"\u{1b}]0;OWNED\u{7}\u{1b}]52;c;cHduZWQ=\u{7}\u{1b}[2K\u{8}\u{7f}x\"@a\u{202e}b\u{200b}c.example";

/// It printed no control character except line feeds, and no character that reverses text or is invisible.
#[track_caller]
fn is_harmless(ended: &Ended) {
    let printed = format!("{}{}", ended.output, ended.errors);
    let is_harmful = |c: char| {
        c.is_control() && c != '\n'
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{3164}')
    };
    assert!(!printed.contains(is_harmful), "{printed:?}");
}

#[tokio::test]
async fn an_email_is_escaped() {
    let world = World::new().await;
    world.register(HOSTILE, "mallory").await;
    world.log_in(HOSTILE).await;
    let shown = world.manage("users list").await.done();
    assert!(shown.output.contains(r"\u{1b}]52;c;cHduZWQ=\u{7}"), "{shown:?}");
    assert!(shown.output.contains(r"@a\u{202e}b\u{200b}c.example"), "{shown:?}");
    for arguments in [
        "users list",
        "users list --json",
        "users show mallory",
        "sessions list mallory",
        "users unlock mallory",
        "users disable mallory --yes",
        "users delete mallory",
        "users enable mallory --json",
        "users set-email mallory mallory@example.com --yes",
        "users delete mallory --yes",
    ] {
        is_harmless(&world.manage(arguments).await);
    }
}

/// A terminal, and its other end as many times as a command needs it.
#[cfg(target_os = "linux")]
fn terminal<const ENDS: usize>() -> (std::fs::File, [std::process::Stdio; ENDS]) {
    use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, openpt, unlockpt};

    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let terminal = openpt(flags).unwrap();
    unlockpt(&terminal).unwrap();
    let ends = std::array::from_fn(|_| ioctl_tiocgptpeer(&terminal, flags).unwrap().into());
    (terminal.into(), ends)
}

/// What a terminal shows of a command that asks and is answered with this key, after what happens `meanwhile`.
#[cfg(target_os = "linux")]
async fn answered(world: &World, arguments: &str, key: u8, meanwhile: impl Future<Output = ()>) -> String {
    use std::io::{Read, Write};

    let (mut terminal, [input, output, errors]) = terminal();
    let mut command = crate::world::command(world.folder(), &world.here(arguments), &[]);
    command.stdin(input).stdout(output).stderr(errors);
    let (ask, asked) = tokio::sync::oneshot::channel();
    let (answer, answered) = std::sync::mpsc::channel();
    let shown = tokio::task::spawn_blocking(move || {
        let mut child = command.spawn().unwrap();
        // Only the child's ends are left, so that reading ends with the child.
        drop(command);
        let (mut shown, mut buffer) = (Vec::new(), [0; 4096]);
        while !shown.windows(5).any(|part| part == b"[y/N]") {
            let length = terminal.read(&mut buffer).unwrap();
            shown.extend_from_slice(&buffer[..length]);
        }
        ask.send(()).unwrap();
        terminal.write_all(&[answered.recv().unwrap()]).unwrap();
        while let Ok(length @ 1..) = terminal.read(&mut buffer) {
            shown.extend_from_slice(&buffer[..length]);
        }
        child.wait().unwrap();
        String::from_utf8(shown).unwrap()
    });
    asked.await.unwrap();
    meanwhile.await;
    answer.send(key).unwrap();
    shown.await.unwrap()
}

#[cfg(target_os = "linux")]
#[rstest::rstest]
#[case::disabled("users disable ada")]
#[case::renamed("users set-username ada lovelace")]
#[tokio::test]
async fn a_user_who_is_deleted_while_the_command_asks_no_longer_exists(#[case] arguments: &str) {
    let world = World::new().await;
    world.register("ada@example.com", "ada").await;
    let meanwhile = async {
        world.manage("users delete ada --yes").await.done();
    };
    let shown = answered(&world, arguments, b'y', meanwhile).await;
    assert!(shown.contains("error: the user no longer exists\r\n"), "{shown:?}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_question_shows_the_users_fields_escaped() {
    let world = World::new().await;
    world.register(HOSTILE, "mallory").await;
    for arguments in ["users delete mallory", "users disable mallory", "users set-username mallory bot"] {
        let shown = answered(&world, arguments, b'n', async {}).await;
        assert!(shown.contains(r#"mallory ("\u{1b}]0;OWNED\u{7}\u{1b}]52;c;cHduZWQ=\u{7}"#), "{shown:?}");
        assert!(
            !shown.contains("\u{1b}]") && !shown.contains(['\u{7}', '\u{7f}', '\u{202e}', '\u{200b}']),
            "{shown:?}"
        );
        assert!(shown.contains("cancelled, nothing was changed"), "{shown:?}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_command_does_not_ask_if_stderr_is_not_a_terminal() {
    let world = World::new().await;
    world.register("ada@example.com", "ada").await;
    for arguments in ["users delete ada", "users disable ada"] {
        let (_terminal, [input]) = terminal();
        let refused = world.manage_from(arguments, input).await;
        refused.is_error("refusing without confirmation: stderr is not a terminal (pass --yes)");
    }
    let (_terminal, [input]) = terminal();
    let refused = world.manage_from("users set-password ada", input).await;
    let message = "cannot prompt for the password: stderr is not a terminal";
    refused.is_error_with_hint(message, "pass the password on stdin");
    world.log_in("ada@example.com").await;
}

#[tokio::test]
async fn an_invalid_argument_is_escaped() {
    let world = World::new().await;
    for arguments in [
        "settings get x\u{9b}2K\u{202e}\u{1b}]52;c;cHduZWQ=\u{7}",
        "users list --x\u{9b}2K\u{202e}\u{1b}[2K",
        "users x\u{9b}2K\u{202e}\u{3164}",
        "users list --limit \u{202e}\u{3164}1",
    ] {
        let ended = world.manage(arguments).await;
        assert!(ended.status == 2 && ended.errors.starts_with("error: "), "{ended:?}");
        is_harmless(&ended);
    }
    let ended = world.manage("settings get \u{202e}x").await;
    assert!(ended.errors.contains(r"'\u{202e}x'"), "{ended:?}");
}

#[tokio::test]
async fn json_has_the_email_as_it_is() {
    let world = World::new().await;
    let create = format!("users create --json --username mallory --email {HOSTILE}");
    let created = world.manage_with(&create, PASSWORD).await.done();
    is_harmless(&created);
    assert_eq!(created.documents()[0]["email"], json!(HOSTILE));
}

#[tokio::test]
async fn a_name_that_is_not_found_is_escaped() {
    let world = World::new().await;
    world.register("ada@example.com", "ada").await;
    let none = world.manage("users show x\u{9b}2K\u{202e}\u{1b}[1G").await;
    none.is_error(r"user not found: x\u{9b}2K\u{202e}\u{1b}[1G");
    let none = world.manage("sessions revoke ada \u{1b}]0;OWNED\u{7}").await;
    none.is_error(r"session not found: \u{1b}]0;OWNED\u{7}");
    is_harmless(&world.manage(&format!("users show {HOSTILE}")).await);
}

#[tokio::test]
async fn a_value_of_the_settings_item_is_escaped() {
    use aws_sdk_dynamodb::types::AttributeValue;
    let world = World::new().await;
    let put = world.dynamodb().await.put_item().table_name("SettingsTable");
    let put = put.item("id", AttributeValue::S("settings".into()));
    put.item("ACCESS_TOKEN_LIFETIME", AttributeValue::S("\u{1b}[2K\u{202e}1".into())).send().await.unwrap();
    for arguments in ["settings list", "settings list --json", "settings get ACCESS_TOKEN_LIFETIME"] {
        let shown = world.manage(arguments).await.done();
        is_harmless(&shown);
        assert!(shown.output.contains("202e"), "{shown:?}");
    }
    is_harmless(&world.manage("settings reset ACCESS_TOKEN_LIFETIME").await.done());
}
