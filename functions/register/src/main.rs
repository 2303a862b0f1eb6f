//! The Lambda function `register`.
fn main() -> std::process::ExitCode {
    shared::runtime::lambda::run::<register::Register>()
}
