//! The Lambda function `login`.
fn main() -> std::process::ExitCode {
    shared::runtime::lambda::run::<login::Login>()
}
