//! The Lambda function `refresh`.
fn main() -> std::process::ExitCode {
    shared::lambda::run::<refresh::Refresh>()
}
