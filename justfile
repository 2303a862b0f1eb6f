# Every command of this project. `just` lists them, `just --show NAME` prints one. What is behind a name is passed on:
# `just test -p shared`, `just run --help`.

set shell := ["bash", "-euo", "pipefail", "-c"]
set positional-arguments

# Rust's oldest version that Cargo.toml promises.
oldest_rust := `sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml`

[private]
default:
    @just --list --unsorted

# Start the API on http://127.0.0.1:3000, on an embedded DynamoDB
[group('develop')]
run *options:
    cargo run -- "$@"

# Run the operators' command, such as `just manage --local users list`
[group('develop')]
manage *arguments:
    cargo run --quiet --package manage -- "$@"

# Format the code and this file
[group('develop')]
fmt:
    cargo fmt
    {{ just_executable() }} --fmt

# Run all tests that need nothing beside Rust
[group('test')]
test *options='--workspace':
    cargo test "$@"

# Run the same tests with cargo-nextest, each in a process of its own
[group('test')]
nextest *options='--workspace':
    cargo nextest run "$@"

# Run the property tests with another seed and more cases than usual
[group('test')]
explore seed=`od -An -N4 -tu4 /dev/urandom | tr -d ' '` cases='5000':
    PROPTEST_RNG_SEED={{ seed }} PROPTEST_CASES={{ cases }} cargo test --workspace

# Run the contract suite against a running API
[group('test')]
contract url *options:
    API_URL="$1" cargo test --workspace --test contract -- "${@:2}"

# Call every endpoint of a deployed API once; leaves one user behind
[group('test')]
smoke url: (contract url 'smoke' '--nocapture')

# Check formatting, lints and documentation
[group('check')]
lint: fmt-check clippy doc

# Check the formatting of the code and of this file
[group('check')]
fmt-check:
    cargo fmt --check
    {{ just_executable() }} --fmt --check

# Run clippy on everything, with warnings denied
[group('check')]
clippy:
    cargo clippy --workspace --all-targets -- -D warnings

# Build the documentation of the code, with warnings denied
[group('check')]
doc:
    #!/usr/bin/env bash
    set -euo pipefail
    # What `cargo doc --workspace` documents, named one by one: libraries, and programs that have no library of the same name. With
    # `--examples`, dependencies have the features that clippy has checked them with, and are not checked again.
    mapfile -t programs < <(cargo metadata --no-deps --format-version 1 | python3 -c '
    import json, sys
    for package in json.load(sys.stdin)["packages"]:
        names = {kind: {one["name"] for one in package["targets"] if kind in one["kind"]} for kind in ("lib", "bin")}
        for name in sorted(names["bin"] - names["lib"]):
            print(f"--bin={name}")')
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --workspace --lib --examples "${programs[@]}"

# Check every link of the manual
[group('check')]
links:
    tests/targets/links

# Check what no function may link, such as Argon2 where no password is handled
[group('check')]
isolation:
    tests/targets/isolation

# Check licences, sources and known vulnerabilities of the dependencies (cargo-deny 0.18.9 or newer)
[group('check')]
deny:
    #!/usr/bin/env bash
    set -euo pipefail
    if ! cargo deny --version >/dev/null 2>&1; then
        echo "NOT RUN: cargo deny, which is not installed: bans, licenses, sources and advisories are unchecked"
        exit "${SKIPPED_STATUS:-1}"
    fi
    cargo deny check bans licenses sources
    # Versions before 0.18.9 cannot read advisories that are rated by CVSS 4.0.
    if ! cargo deny fetch db; then
        echo "NOT RUN: advisories, since the database of RUSTSEC cannot be fetched or read"
        exit "${SKIPPED_STATUS:-1}"
    fi
    cargo deny check --disable-fetch advisories

# Check that the workspace builds with the oldest Rust that Cargo.toml promises
[group('check')]
oldest-rust:
    #!/usr/bin/env bash
    set -euo pipefail
    if ! rustup toolchain list | grep --quiet '^{{ oldest_rust }}-'; then
        echo "NOT RUN: the build with Rust {{ oldest_rust }}, which is not installed (rustup toolchain install {{ oldest_rust }})"
        exit "${SKIPPED_STATUS:-1}"
    fi
    cargo +{{ oldest_rust }} check --locked --workspace --all-targets

# Run everything that must pass before a change lands, in less than half an hour on two cores
[group('check')]
ci:
    .ci/run

# Build the functions for release, each with its own features
[group('build')]
functions:
    for manifest in functions/*/Cargo.toml; do cargo build --release --manifest-path "$manifest"; done

# Check the template with SAM
[group('build')]
sam-validate:
    . tests/targets/tools.sh && sam validate --lint

# Build the functions as they are deployed, in .aws-sam/build
[group('build')]
sam-build *options:
    . tests/targets/tools.sh && sam build "$@"

# Check what `sam-build` made: sizes, and what must not be in a function
[group('build')]
artifacts:
    tests/targets/artifacts

# Install the tools that the targets need
[group('targets')]
tools:
    tests/targets/install

# Run all targets that CI runs, one after the other
[group('targets')]
targets: secrets-manager rotation verifiers schemathesis migrate browser cargo-lambda-watch sam-build artifacts lint-templates deploy-rehearsal sam-local protected-api

# Run the contract suite on `cargo lambda watch`, with DynamoDB Local
[group('targets')]
cargo-lambda-watch:
    tests/targets/cargo-lambda-watch

# Run the contract suite on `sam local`, with DynamoDB Local; needs Docker, and `just sam-build` first
[group('targets')]
sam-local:
    tests/targets/sam-local

# Rotate the secret on moto's Secrets Manager
[group('targets')]
secrets-manager:
    tests/targets/secrets-manager

# Run the verifiers of docs/verify-tokens.md, in Python, Node and Rust, against a live stack
[group('targets')]
verifiers:
    tests/targets/verifiers

# Switch the algorithm and rotate the secret twice under load; nobody may be logged out
[group('targets')]
rotation:
    tests/load/rotation

# Protect another API with the authorizer: its template, and, with Docker, calls; `just sam-build` first
[group('targets')]
protected-api:
    tests/targets/protected-api

# Send over 10 000 requests that schemathesis generates from openapi.yaml; SEED=… for others
[group('targets')]
schemathesis:
    tests/targets/schemathesis

# Move a real Django project here, and its hashes back
[group('targets')]
migrate:
    tests/migration/run

# Use the documentation page in Chromium, and attack from pages of other origins
[group('targets')]
browser:
    tests/browser/run

# Run the linters of templates, workflows and scripts
[group('targets')]
lint-templates:
    tests/targets/lint

# Rehearse a stack's life on moto: creation, updates, deletion, failures
[group('targets')]
deploy-rehearsal:
    tests/targets/deploy-rehearsal

# Put five minutes of load on the release build; USERS=…, CLIENTS=… and SECONDS_ALL=… for less
[group('measure')]
load:
    tests/load/run

# Measure the functions: cold start, calls, memory, size, cost; `just bench --help` lists the options
[group('measure')]
bench *options:
    cargo build --release --workspace --bin bench
    target/release/bench "$@"

# Check that the benchmarks run, on what `sam-build` made; the figures mean nothing
[group('measure')]
bench-trial:
    tools/bench/trial

# Measure what each choice of the release build does by itself; builds for half an hour
[group('measure')]
levers *options:
    tools/bench/levers "$@"
