//! `GET`, `HEAD`, `PUT` and `PATCH /api/me/`: one's own profile.

use shared::{
    Error, Service, audit,
    domain::{AllValid, Email, Holder, Username},
    http::{self, Method, Request, Response},
    lambda::Endpoint,
    store::{ProfileChange, Updated, Users},
    tokens::AccessTokens,
};

/// Shows and changes the profile of whoever asks.
#[derive(Debug)]
pub struct Me {
    users: Users,
    access_tokens: AccessTokens,
}

impl Endpoint for Me {
    const PATH: &'static str = "/api/me";
    const METHODS: &'static [Method] = &[Method::GET, Method::HEAD, Method::PUT, Method::PATCH];

    fn new(service: &Service) -> Self {
        Self { users: service.users(), access_tokens: service.access_tokens() }
    }

    async fn warm_up(&self) {
        self.access_tokens.warm_up().await;
    }

    async fn handle(&self, request: &Request) -> Result<Response, Error> {
        let holder = self.access_tokens.verify(request.bearer_token()?).await?;
        if request.method == Method::GET { self.show(holder).await } else { self.change(holder, request).await }
    }
}

impl Me {
    async fn show(&self, holder: Holder) -> Result<Response, Error> {
        Ok(http::ok(&self.users.find(holder).await?))
    }

    async fn change(&self, holder: Holder, request: &Request) -> Result<Response, Error> {
        // Who is gone learns that first, whatever the body holds.
        let account = self.users.open(holder).await?;
        let form = request.form()?;
        let (username, email) = (form.optional::<Username>(), form.optional::<Email>()).all_valid()?;

        match self.users.update(account, &ProfileChange { username, email }).await? {
            Updated::User(user) => {
                audit::user_updated(user.id);
                Ok(http::ok(&user))
            }
            Updated::Taken(fields) => Err(fields.into()),
        }
    }
}
