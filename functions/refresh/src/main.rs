//! The Lambda function `refresh`.
fn main() -> std::process::ExitCode {
    shared::runtime::lambda::run::<refresh::Refresh>()
}
