//! The Lambda function `logout`.
fn main() -> std::process::ExitCode {
    shared::lambda::run::<logout::Logout>()
}
