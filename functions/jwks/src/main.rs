//! The Lambda function `jwks`.
fn main() -> std::process::ExitCode {
    shared::runtime::lambda::run::<jwks::Jwks>()
}
