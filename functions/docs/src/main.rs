//! The Lambda function `docs`.
fn main() -> std::process::ExitCode {
    shared::runtime::lambda::run::<docs::Docs>()
}
