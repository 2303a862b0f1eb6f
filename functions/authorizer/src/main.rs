//! The Lambda function `authorizer`.
fn main() -> std::process::ExitCode {
    shared::runtime::lambda::run_invoked::<authorizer::Authorizer>()
}
