//! The Lambda function `logout`.
fn main() -> std::process::ExitCode {
    shared::runtime::lambda::run::<logout::Logout>()
}
