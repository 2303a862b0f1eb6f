//! `POST /api/register/`: creates a user.

use std::sync::Arc;

use shared::{
    Error, audit,
    domain::{AllValid, Email, Username},
    http::{self, Method, Request, Response},
    passwords::{BreachedPasswords, Hasher, Password, PasswordRules},
    runtime::{Service, lambda::Endpoint},
    store::{SettingsCache, Throttle, Users},
};

#[derive(Debug)]
pub struct Register {
    users: Users,
    throttle: Throttle,
    settings: Arc<SettingsCache>,
    password_rules: PasswordRules,
    breached_passwords: BreachedPasswords,
    hasher: Hasher,
}

impl Endpoint for Register {
    const NAME: &'static str = "register";
    const PATHS: &'static [&'static str] = &["/api/register"];
    const METHODS: &'static [Method] = &[Method::POST];

    fn new(service: &Service) -> Self {
        Self {
            users: service.users(),
            throttle: service.throttle(),
            settings: service.settings(),
            password_rules: service.password_rules(),
            breached_passwords: service.breached_passwords(),
            hasher: service.hasher(),
        }
    }

    async fn warm_up(&self) {
        self.settings.warm_up().await;
    }

    async fn handle(&self, request: &Request) -> Result<Response, Error> {
        let form = request.form()?;
        let fields = (form.optional::<Username>(), form.required::<Email>(), form.required::<Password>());
        let (username, email, password) = fields.all_valid()?;
        let password = self.password_rules.judge(password, username.as_ref(), &email)?;

        let settings = self.settings.current().await?;
        if let Some(wait) = self.throttle.count_registration(request.source, &settings).await? {
            audit::registration_locked();
            return Err(Error::Throttled { wait });
        }

        // After all other checks, so that no password is looked up that is rejected anyway.
        let password = self.breached_passwords.judge(password).await?;
        let hash = self.hasher.hash(password).await?;
        match self.users.create(username, email, hash).await? {
            Ok(user) => {
                audit::user_created(user.id);
                Ok(http::created(&user))
            }
            Err(taken) => Err(taken.into()),
        }
    }
}
