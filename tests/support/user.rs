//! Users that tests make for themselves.

use serde_json::{Value, json};

use crate::{Answer, post, request, unique};

/// The password of every user that is made here.
pub const PASSWORD: &str = "correct horse battery staple";

/// A user who was registered and has logged in once.
#[derive(Debug, Clone)]
pub struct User {
    /// The number.
    pub id: u64,
    /// The name.
    pub username: String,
    /// The address.
    pub email: String,
    /// The access token of the first login.
    pub access: String,
    /// The refresh token of the first login.
    pub refresh: String,
}

impl User {
    /// A new user, with an address and a name that nobody else has.
    pub fn new() -> Self {
        let name = unique();
        let email = format!("{name}@example.com");
        let registered = post("/api/register/", &json!({ "email": email, "username": name, "password": PASSWORD }));
        assert_eq!(registered.status, 201, "{registered:?}");
        let login = log_in(&email, PASSWORD);
        assert_eq!(login.status, 200, "{login:?}");
        let id = registered.json().get("id").and_then(Value::as_u64).expect("a number");
        Self { id, username: name, email, access: login.text("access"), refresh: login.text("refresh") }
    }

    /// The profile, as an answer has it.
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

/// A profile, as an answer has it.
pub fn profile(id: u64, username: &str, email: &str) -> String {
    format!(r#"{{"id":{id},"username":{},"email":{}}}"#, json!(username), json!(email))
}

/// Logs in.
pub fn log_in(email: &str, password: &str) -> Answer {
    post("/api/login/", &json!({ "email": email, "password": password }))
}

/// Refreshes.
pub fn refresh(token: &str) -> Answer {
    post("/api/refresh/", &json!({ "refresh": token }))
}

/// Logs out.
pub fn log_out(token: &str) -> Answer {
    post("/api/logout/", &json!({ "refresh": token }))
}
