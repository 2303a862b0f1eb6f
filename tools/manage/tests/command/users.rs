//! `manage users`.

use serde_json::{Value, json};

use crate::world::{PASSWORD, World};

const NEW_PASSWORD: &str = "another horse battery staple";

#[tokio::test]
async fn a_created_user_can_log_in() {
    let world = World::new().await;
    let created = world.manage_with("users create --email Ada@Example.com --username ada --json", PASSWORD).await;
    let user = created.done().documents().remove(0);
    assert_eq!((&user["email"], &user["username"]), (&json!("Ada@example.com"), &json!("ada")));
    assert_eq!(world.login_status("ada@example.com", PASSWORD).await, 200);
}

#[tokio::test]
async fn statement_4_a_password_is_judged_as_at_registration() {
    let world = World::new().await;
    world.register("ada@example.com", "ada").await;
    let refused = "This password is too short. It must contain at least 8 characters. This password is too common. \
                   This password is entirely numeric.";
    world.manage_with("users create --email grace@example.com", "12345\n").await.is_error(refused);
    world.manage_with("users set-password ada", "12345\n").await.is_error(refused);
    let similar = world.manage_with("users set-password ada", "ada@example.com\n").await;
    similar.is_error("The password is too similar to the email address.");
    assert_eq!(world.login_status("ada@example.com", PASSWORD).await, 200);
}

#[tokio::test]
async fn an_email_or_username_in_use_is_refused() {
    let world = World::new().await;
    world.register("ada@example.com", "ada").await;
    let create = async |arguments: &str| world.manage_with(&format!("users create {arguments}"), PASSWORD).await;
    create("--email ADA@example.com").await.is_error("email already in use");
    create("--email grace@example.com --username ada").await.is_error("username already in use");
    create("--email nowhere").await.is_error("email: Enter a valid email address.");
}

#[tokio::test]
async fn fields_are_trimmed_as_in_the_api_and_passwords_are_not() {
    let world = World::new().await;
    let create = async |arguments: &str, password: &str| {
        world.manage_with(&format!("users create --json {arguments}"), password).await
    };
    let blank = "This field may not be blank.";
    create("--email ada@example.com --username=", PASSWORD).await.is_error(&format!("username: {blank}"));
    create("--email ada@example.com --username \u{2003}\u{a0}", PASSWORD).await.is_error(&format!("username: {blank}"));
    create("--email \u{a0}", PASSWORD).await.is_error(&format!("email: {blank}"));
    create("--email ada@example.com", "\n").await.is_error(&format!("password: {blank}"));

    let password = "  correct horse battery\u{a0}";
    let created =
        create("--email \u{a0}ada@example.com\t --username \u{2003}ada\u{a0}", &format!("{password}\r\n")).await;
    let user = created.done().documents().remove(0);
    assert_eq!((&user["email"], &user["username"]), (&json!("ada@example.com"), &json!("ada")));
    assert_eq!(world.login_status("ada@example.com", password).await, 200);
    assert_eq!(world.login_status("ada@example.com", password.trim()).await, 401);
}

#[tokio::test]
async fn statement_14_a_new_password_ends_every_session_and_access_token_at_once() {
    let world = World::new().await;
    world.register("ada@example.com", "ada").await;
    let [access, refresh] = world.log_in("ada@example.com").await;
    world.manage_with("users set-password ada@example.com", format!("{NEW_PASSWORD}\n")).await.done();

    assert_eq!(world.me(&access).await, (401, json!({ "detail": "Invalid token." })));
    assert_eq!(world.refresh(&refresh).await, (401, json!({ "detail": "Token is invalid or expired." })));
    assert_eq!(world.login_status("ada@example.com", PASSWORD).await, 401);
    assert_eq!(world.manage("sessions list ada").await.done().output, "");

    // Even in the same second.
    let (status, tokens) = world.post("login", &json!({ "email": "ada@example.com", "password": NEW_PASSWORD })).await;
    assert_eq!(status, 200);
    assert_eq!(world.me(tokens["access"].as_str().unwrap()).await.0, 200);
    assert_eq!(world.refresh(tokens["refresh"].as_str().unwrap()).await.0, 200);
}

#[tokio::test]
async fn statement_19_a_session_that_outlived_a_new_password_cannot_refresh() {
    let world = World::new().await;
    world.register("ada@example.com", "ada").await;
    let [_, refresh] = world.log_in("ada@example.com").await;
    let client = local::Database::at(&world.stack.dynamodb_url).client().await;
    let sessions = client.scan().table_name("RefreshTokensTable").send().await.unwrap().items.unwrap();
    world.manage_with("users set-password ada", NEW_PASSWORD).await.done();
    // As if the command had been killed before it deleted the session, with and without rotation.
    for rotate in ["false", "true"] {
        for session in &sessions {
            client.put_item().table_name("RefreshTokensTable").set_item(Some(session.clone())).send().await.unwrap();
        }
        world.manage(&format!("settings set ROTATE_REFRESH_TOKENS {rotate}")).await.done();
        assert_eq!(world.refresh(&refresh).await, (401, json!({ "detail": "Token is invalid or expired." })));
    }
    let listed = world.manage("sessions list ada --json").await.done().documents();
    assert_eq!((listed.len(), &listed[0]["void"]), (1, &json!(true)));
}

#[tokio::test]
async fn statement_14_and_19_a_disabled_user_is_out_at_once_and_old_tokens_stay_void_after_enabling() {
    let world = World::new().await;
    world.register("ada@example.com", "ada").await;
    let [access, refresh] = world.log_in("ada@example.com").await;
    let disabled = world.manage("users disable ada --yes --json").await.done().documents().remove(0);
    assert_eq!(disabled["disabled"], true);
    assert_eq!(world.me(&access).await, (401, json!({ "detail": "User inactive or deleted." })));
    assert_eq!(world.refresh(&refresh).await.0, 401);
    assert_eq!(world.login_status("ada@example.com", PASSWORD).await, 401);

    world.manage("users enable ada").await.done();
    assert_eq!(world.me(&access).await, (401, json!({ "detail": "Invalid token." })));
    assert_eq!(world.refresh(&refresh).await.0, 401);
    let [access, refresh] = world.log_in("ada@example.com").await;
    assert_eq!(world.me(&access).await.0, 200);
    assert_eq!(world.refresh(&refresh).await.0, 200);
}

#[tokio::test]
async fn a_new_password_still_works_after_the_email_is_changed() {
    let world = World::new().await;
    world.register("ada@example.com", "ada").await;
    world.manage_with("users set-password ada", NEW_PASSWORD).await.done();
    let login = |email: &'static str| json!({ "email": email, "password": NEW_PASSWORD });
    let (_, tokens) = world.post("login", &login("ada@example.com")).await;
    let access = tokens["access"].as_str().unwrap();
    let change = json!({ "email": "ada@example.org", "username": "lovelace" });
    assert_eq!(world.call(reqwest::Method::PUT, "me", access, &change).await.0, 200);
    let (status, tokens) = world.post("login", &login("ada@example.org")).await;
    assert_eq!(status, 200);
    assert_eq!(world.me(tokens["access"].as_str().unwrap()).await.0, 200);
}

#[tokio::test]
async fn a_deleted_user_leaves_no_items() {
    let world = World::new().await;
    world.register("ada@example.com", "ada").await;
    let [access, refresh] = world.log_in("ada@example.com").await;
    world.manage("users delete ada --yes").await.done();
    assert_eq!(world.me(&access).await, (401, json!({ "detail": "User inactive or deleted." })));
    assert_eq!(world.refresh(&refresh).await.0, 401);
    world.manage("users show ada").await.is_error("user not found: ada");
    let client = local::Database::at(&world.stack.dynamodb_url).client().await;
    let users = client.scan().table_name("UsersTable").send().await.unwrap().items.unwrap();
    let left: Vec<_> = users.iter().filter(|item| !item["pk"].as_s().unwrap().starts_with("registrations#")).collect();
    assert!(left.is_empty(), "{left:?}");
    assert!(client.scan().table_name("RefreshTokensTable").send().await.unwrap().items.unwrap().is_empty());
    world.register("ada@example.com", "ada").await;
}

#[tokio::test]
async fn destructive_commands_require_yes_without_a_terminal() {
    let world = World::new().await;
    world.register("ada@example.com", "ada").await;
    for arguments in ["users delete ada", "users disable ada"] {
        let refused = world.manage(arguments).await;
        refused.is_error("refusing without confirmation: stdin is not a terminal (pass --yes)");
    }
    assert_eq!(world.login_status("ada@example.com", PASSWORD).await, 200);
}

#[tokio::test]
async fn a_user_is_found_by_id_by_email_and_by_username() {
    let world = World::new().await;
    world.register("ada@example.com", "ada").await;
    let shown = world.manage("users show ada --json").await.done().documents().remove(0);
    let id = shown["id"].to_string();
    let names = [
        id.clone(),
        format!("id:{id}"),
        "ADA@example.com".into(),
        "email:ada@example.com".into(),
        "username:ada".into(),
    ];
    for name in names {
        assert_eq!(
            world.manage(&format!("users show {name} --json")).await.done().documents(),
            std::slice::from_ref(&shown)
        );
    }
    // A username that is the id of another user matches both.
    world.register("grace@example.com", &id).await;
    let both = world.manage(&format!("users show {id}")).await;
    assert!(both.status == 1 && both.errors.contains("matches more than one user: id:"), "{both:?}");
    let grace = world.manage(&format!("users show username:{id} --json")).await.done().documents().remove(0);
    assert_eq!(grace["email"], "grace@example.com");
}

#[tokio::test]
async fn only_an_id_as_it_is_printed_is_an_id() {
    let world = World::new().await;
    let hash = "$argon2id$v=19$m=19456,t=2,p=1$c2l4dGVlbiBieXRlcyAuLg$2WG2PPol/lCSBLmz3Hc2qg";
    let user = json!({ "id": 77, "email": "ada@example.com", "password_hash": hash });
    world.manage_with("import -", user.to_string()).await.done();
    for text in ["+77", "077", "id:077", "id:+77"] {
        world.manage(&format!("users show {text}")).await.is_error(&format!("user not found: {text}"));
    }
    world.register("grace@example.com", "077").await;
    let show = async |text: &str| world.manage(&format!("users show {text} --json")).await.done().documents().remove(0);
    assert_eq!((&show("077").await["email"], &show("77").await["id"]), (&json!("grace@example.com"), &json!(77)));
}

#[tokio::test]
async fn a_password_that_is_not_utf_8_is_an_error() {
    let world = World::new().await;
    let create = "users create --email ada@example.com";
    let refused = world.manage_with(create, b"gr\xfcne Pferde 1815\n".to_vec()).await;
    let message = "the password on stdin is not valid UTF-8";
    refused.is_error_with_hint(message, "encode it in UTF-8, or type it at a terminal");
    assert_eq!(world.manage("users list").await.done().output, "");
}

#[tokio::test]
async fn a_text_that_looks_like_an_email_matches_no_username() {
    let world = World::new().await;
    world.register("mallory@example.com", "ada@example.com").await;
    // The second has a full-width sign, which becomes an @ in a username.
    for text in ["ada@example.com", "ada＠example.com"] {
        world.manage(&format!("users show {text}")).await.is_error(&format!("user not found: {text}"));
    }
    let show = async |text: &str| world.manage(&format!("users show {text} --json")).await.done().documents().remove(0);
    assert_eq!(show("username:ada@example.com").await["email"], "mallory@example.com");
    world.register("ada@example.com", "ada").await;
    assert_eq!(show("ada@example.com").await["username"], "ada");
}

#[tokio::test]
async fn a_list_ends_at_its_limit_or_pages_through_all_users() {
    let world = World::new().await;
    for number in 0..5 {
        world.register(&format!("user{number}@example.com"), &format!("name{number}")).await;
    }
    let some = world.manage("users list --limit 2").await.done();
    assert_eq!(
        (some.output.lines().count(), some.errors.as_str()),
        (2, "hint: there are more users; pass --limit N or --all\n")
    );
    let all = world.manage("users list --all --json").await.done().documents();
    let mut emails: Vec<_> = all.iter().map(|user| user["email"].as_str().unwrap()).collect();
    emails.sort_unstable();
    let expected: Vec<_> = (0..5).map(|number| format!("user{number}@example.com")).collect();
    assert_eq!(emails, expected);
    assert!(all.iter().all(|user: &Value| user.as_object().unwrap().keys().all(|name| !name.contains("hash"))));
}
