//! `manage sessions`.

use crate::world::World;

#[tokio::test]
async fn one_session_is_revoked_and_the_others_go_on() {
    let world = World::new().await;
    world.register("ada@example.com", "ada").await;
    let [_, first] = world.log_in("ada@example.com").await;
    let name = world.manage("sessions list ada --json").await.done().documents()[0]["session"].clone();
    let [_, second] = world.log_in("ada@example.com").await;
    let revoke = format!("sessions revoke ada {}", name.as_str().unwrap());
    assert_eq!(world.manage(&revoke).await.done().output, "revoked: 1\n");
    assert_eq!((world.refresh(&first).await.0, world.refresh(&second).await.0), (401, 200));
    world.manage(&revoke).await.is_error(&format!("session not found: {}", name.as_str().unwrap()));
}

#[tokio::test]
async fn all_sessions_of_a_user_are_revoked() {
    let world = World::new().await;
    world.register("ada@example.com", "ada").await;
    world.register("grace@example.com", "grace").await;
    let mut tokens = Vec::new();
    for _ in 0..3 {
        let [_, refresh] = world.log_in("ada@example.com").await;
        tokens.push(refresh);
    }
    let [_, others] = world.log_in("grace@example.com").await;
    assert_eq!(world.manage("sessions revoke ada --all").await.done().output, "revoked: 3\n");
    for token in &tokens {
        assert_eq!(world.refresh(token).await.0, 401);
    }
    assert_eq!(world.refresh(&others).await.0, 200);
}

#[tokio::test]
async fn revoke_needs_a_session_or_all() {
    let ended = World::new().await.manage("sessions revoke ada").await;
    assert_eq!(ended.status, 2);
}
