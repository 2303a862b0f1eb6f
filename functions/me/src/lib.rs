//! `GET`, `HEAD`, `PUT` and `PATCH /api/me/`: one's own profile.

use shared::{
    Error, Service, audit,
    domain::{AllValid, Email, UserId, Username},
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
        let id = self.access_tokens.verify(request.bearer_token()?).await?;
        if request.method == Method::GET { self.show(id).await } else { self.change(id, request).await }
    }
}

impl Me {
    async fn show(&self, id: UserId) -> Result<Response, Error> {
        let user = self.users.find(id).await?.ok_or(Error::USER_INACTIVE)?;
        Ok(http::ok(&user))
    }

    async fn change(&self, id: UserId, request: &Request) -> Result<Response, Error> {
        // Who is gone learns that first, whatever the body holds.
        let profile = self.users.open(id).await?.ok_or(Error::USER_INACTIVE)?;
        let form = request.form()?;
        let (username, email) = (form.optional::<Username>(), form.optional::<Email>()).all_valid()?;

        match self.users.update(profile, &ProfileChange { username, email }).await? {
            Updated::User(user) => {
                audit::user_updated(user.id);
                Ok(http::ok(&user))
            }
            Updated::Taken(fields) => Err(fields.into()),
            Updated::Gone => Err(Error::USER_INACTIVE),
        }
    }
}
