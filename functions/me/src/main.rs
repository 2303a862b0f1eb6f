//! The Lambda function `me`.
fn main() -> std::process::ExitCode {
    shared::lambda::run::<me::Me>()
}
