//! Users registered by the tests.

use serde_json::{Value, json};

use crate::{Answer, post, request, unique};

/// The password of every user registered by [`User::new`].
pub const PASSWORD: &str = "correct horse battery staple";

/// A registered user who has logged in once.
#[derive(Debug, Clone)]
pub struct User {
    pub id: u64,
    pub username: String,
    pub email: String,
    /// The access token of the first login.
    pub access: String,
    /// The refresh token of the first login.
    pub refresh: String,
}

impl User {
    /// Registers a user with a unique email address and username, and logs in.
    pub fn new() -> Self {
        let name = unique();
        let email = format!("{name}@example.com");
        let registered = post("/api/register/", &json!({ "email": email, "username": name, "password": PASSWORD }));
        assert_eq!(registered.status, 201, "{registered:?}");
        let login = log_in(&email, PASSWORD);
        assert_eq!(login.status, 200, "{login:?}");
        let id = registered.json().get("id").and_then(Value::as_u64).expect("the id should be a number");
        Self { id, username: name, email, access: login.text("access"), refresh: login.text("refresh") }
    }

    /// The profile as JSON, as in responses.
    pub fn profile(&self) -> String {
        profile(self.id, &self.username, &self.email)
    }

    /// Reads the profile.
    pub fn get(&self) -> Answer {
        request("GET", "/api/me/").bearer(&self.access).send()
    }

    /// Changes the profile.
    pub fn put(&self, change: &Value) -> Answer {
        request("PUT", "/api/me/").bearer(&self.access).json(change).send()
    }
}

impl Default for User {
    fn default() -> Self {
        Self::new()
    }
}

/// A profile as JSON, as in responses.
pub fn profile(id: u64, username: &str, email: &str) -> String {
    format!(r#"{{"id":{id},"username":{},"email":{}}}"#, json!(username), json!(email))
}

pub fn log_in(email: &str, password: &str) -> Answer {
    post("/api/login/", &json!({ "email": email, "password": password }))
}

pub fn refresh(token: &str) -> Answer {
    post("/api/refresh/", &json!({ "refresh": token }))
}

pub fn log_out(token: &str) -> Answer {
    post("/api/logout/", &json!({ "refresh": token }))
}
