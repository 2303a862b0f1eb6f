//! Checks that the items of the users table are consistent.

use std::collections::HashMap;

use aws_sdk_dynamodb::{Client, types::AttributeValue};

type Item = HashMap<String, AttributeValue>;

fn text<'a>(item: &'a Item, name: &str) -> &'a str {
    item.get(name).and_then(|value| value.as_s().ok()).unwrap_or_else(|| panic!("no {name}: {item:?}"))
}

fn number<'a>(item: &'a Item, name: &str) -> &'a str {
    item.get(name).and_then(|value| value.as_n().ok()).unwrap_or_else(|| panic!("no {name}: {item:?}"))
}

/// Asserts that every profile has markers for its email address, with the same hash, for its username and for its former
/// addresses, and that there are no other markers. So no address and no username has two owners. Returns the number of
/// users.
pub(crate) async fn assert_whole(client: &Client) -> usize {
    let mut pages = client.scan().table_name("UsersTable").consistent_read(true).into_paginator().items().send();
    let mut items = HashMap::new();
    while let Some(item) = pages.next().await {
        let item = item.unwrap();
        items.insert(text(&item, "pk").to_owned(), item);
    }
    let profiles: Vec<_> = items.iter().filter(|(key, _)| key.starts_with("user#")).map(|(_, item)| item).collect();
    let mut reserved = 0;
    for profile in &profiles {
        let former = profile.get("former_emails").map(|former| former.as_l().unwrap().as_slice()).unwrap_or_default();
        for former in former {
            let marker = &items[&format!("email#{}", text(former.as_m().unwrap(), "email"))];
            assert_eq!(number(marker, "user_id"), number(profile, "id"));
            assert_eq!(number(marker, "expires_at"), number(former.as_m().unwrap(), "expires_at"));
            assert!(!marker.contains_key("password_hash"), "{marker:?}");
        }
        reserved += former.len();
        let email = &items[&format!("email#{}", text(profile, "email").to_lowercase())];
        let username = &items[&format!("username#{}", text(profile, "username"))];
        assert_eq!(number(email, "user_id"), number(profile, "id"));
        assert_eq!(number(username, "user_id"), number(profile, "id"));
        assert_eq!(text(email, "password_hash"), text(profile, "password_hash"));
    }
    let markers = items.keys().filter(|key| key.starts_with("email#") || key.starts_with("username#")).count();
    assert_eq!(markers, 2 * profiles.len() + reserved, "{:?}", items.keys());
    profiles.len()
}
