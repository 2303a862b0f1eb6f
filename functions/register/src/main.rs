//! The Lambda function `register`.
fn main() -> std::process::ExitCode {
    shared::lambda::run::<register::Register>()
}
