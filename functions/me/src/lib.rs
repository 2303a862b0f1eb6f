//! `GET`, `HEAD`, `PUT` and `PATCH /api/me/`: the user's own profile.

use std::sync::Arc;

use shared::{
    Error, audit,
    domain::{AllValid, Email, Holder, Refusal, User, Username},
    error::StoreError,
    guard::PasswordGuard,
    http::{self, Form, Method, Request, Response},
    passwords::CurrentPassword,
    runtime::{Service, lambda::Endpoint},
    settings::Settings,
    store::{ProfileChange, SettingsCache, Throttle, Users},
    tokens::AccessTokens,
};

#[derive(Debug)]
pub struct Me {
    users: Users,
    throttle: Throttle,
    passwords: PasswordGuard,
    settings: Arc<SettingsCache>,
    access_tokens: AccessTokens,
}

impl Endpoint for Me {
    const NAME: &'static str = "me";
    const PATHS: &'static [&'static str] = &["/api/me"];
    const METHODS: &'static [Method] = &[Method::GET, Method::PUT, Method::PATCH];

    fn new(service: &Service) -> Self {
        Self {
            users: service.users(),
            throttle: service.throttle(),
            passwords: service.passwords(),
            settings: service.settings(),
            access_tokens: service.access_tokens(),
        }
    }

    async fn warm_up(&self) {
        self.access_tokens.warm_up().await;
    }

    async fn handle(&self, request: &Request) -> Result<Response, Error> {
        let holder = self.access_tokens.verify(request).await?.holder;
        if request.method == Method::GET { self.show(holder).await } else { self.change(holder, request).await }
    }
}

impl Me {
    async fn show(&self, holder: Holder) -> Result<Response, Error> {
        Ok(http::ok(&self.users.find(holder).await??))
    }

    async fn change(&self, holder: Holder, request: &Request) -> Result<Response, Error> {
        let wanted = wanted(request);
        // Concurrently, so that counting takes no extra time.
        let counting = self.counted(holder, wanted.as_ref().ok().map(|(_, change)| change));
        let (account, settings) = tokio::try_join!(self.users.open(holder), counting)?;
        // A deleted or disabled user learns that first, whatever the body holds and however often they ask.
        let (account, (form, change), settings) = (account?, wanted?, settings?);

        let has_another_email = change.email.as_ref().is_some_and(|email| *email != account.user.email);
        if has_another_email && settings.email_change_needs_password() {
            self.require_password(&account.user, &form, request, &settings).await?;
        }
        match self.users.update(account, &change, settings.former_email_reserved_seconds()).await? {
            Ok((user, changed)) => {
                audit::user_updated(user.id, changed);
                Ok(http::ok(&user))
            }
            Err(refusal) => {
                if let Refusal::Taken(taken) = refusal {
                    audit::user_update_refused(holder.user, taken);
                }
                Err(refusal.into())
            }
        }
    }

    /// The current settings, after counting a change that could reveal whether a name or an address is taken; or an error if there were
    /// too many.
    async fn counted(
        &self,
        holder: Holder,
        change: Option<&ProfileChange>,
    ) -> Result<Result<Settings, Error>, StoreError> {
        let settings = self.settings.current().await?;
        if change.is_none_or(|change| change.username.is_none() && change.email.is_none()) {
            return Ok(Ok(settings));
        }
        Ok(match self.throttle.count_change(holder, &settings).await? {
            None => Ok(settings),
            Some(wait) => {
                audit::user_update_locked(holder.user);
                Err(Error::Throttled { wait })
            }
        })
    }

    /// Fails unless the body has the user's password. A wrong one counts as a failed login.
    async fn require_password(
        &self,
        user: &User,
        form: &Form,
        request: &Request,
        settings: &Settings,
    ) -> Result<(), Error> {
        let password = form.required::<CurrentPassword>()?;
        let state = self.passwords.look_up(&user.email, request.source).await?;
        let proven = self.passwords.check(state, password.into_attempt(), settings).await?;
        let is_own = proven.is_some_and(|proven| proven.credentials.holder.user == user.id);
        if is_own { Ok(()) } else { Err(CurrentPassword::wrong().into()) }
    }
}

/// The body, and the change it asks for.
fn wanted(request: &Request) -> Result<(Form, ProfileChange), Error> {
    let form = request.form()?;
    let (username, email) = (form.optional::<Username>(), form.optional::<Email>()).all_valid()?;
    Ok((form, ProfileChange { username, email }))
}
