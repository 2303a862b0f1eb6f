//! The Lambda function `me`.
fn main() -> std::process::ExitCode {
    shared::runtime::lambda::run::<me::Me>()
}
