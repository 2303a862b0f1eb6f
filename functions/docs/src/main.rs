//! The Lambda function `docs`.
fn main() -> std::process::ExitCode {
    shared::lambda::run::<docs::Docs>()
}
