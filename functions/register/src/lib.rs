//! `POST /api/register/`: a new user.

use shared::{
    Error, Service, audit,
    domain::{AllValid, Email, NewPassword, Password, Username},
    hashing::Hasher,
    http::{self, Method, Request, Response},
    lambda::Endpoint,
    store::{Created, Users},
};

/// Creates users.
#[derive(Debug)]
pub struct Register {
    users: Users,
    hasher: Hasher,
}

impl Endpoint for Register {
    const PATH: &'static str = "/api/register";
    const METHODS: &'static [Method] = &[Method::POST];

    fn new(service: &Service) -> Self {
        Self { users: service.users(), hasher: service.hasher() }
    }

    async fn handle(&self, request: &Request) -> Result<Response, Error> {
        let form = request.form()?;
        let fields = (form.optional::<Username>(), form.required::<Email>(), form.required::<Password>());
        let (username, email, password) = fields.all_valid()?;
        let password = NewPassword::judge(password, username.as_ref(), &email)?;

        let hash = self.hasher.hash(password).await?;
        match self.users.create(username, email, hash).await? {
            Created::User(user) => {
                audit::user_created(user.id);
                Ok(http::created(&user))
            }
            Created::Taken(fields) => Err(fields.into()),
        }
    }
}
