"""Runs the verifiers of the manual: `tests/targets/verifiers` starts it."""

import argparse
import base64
import hashlib
import hmac
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from verify import https, snippets
from verify.stack import Secret, Stack, free_port, key_id

HERE = pathlib.Path(__file__).parent


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def forged(token, hmac_key, kid=None):
    """The claims of a token, with HS256 under this key."""
    header = {"alg": "HS256", "typ": "at+jwt", "kid": kid or key_id(token)}
    message = f"{encoded(json.dumps(header).encode())}.{token.split('.')[1]}"
    return f"{message}.{encoded(hmac.digest(hmac_key, message.encode(), hashlib.sha256))}"


def pem(key):
    x, y = (int.from_bytes(base64.urlsafe_b64decode(key[name] + "="), "big") for name in ("x", "y"))
    public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


class Verifier:
    """A process that verifies tokens, and keeps its key set as it likes."""

    def __init__(self, name, command, folder, environment):
        self.name = name
        self.log = open(folder / f"{name}.log", "w+")
        self.process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True
        )

    def says(self, token):
        try:
            self.process.stdin.write(f"{token}\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline().strip()
        except BrokenPipeError:
            answer = ""
        if not answer:
            self.log.seek(0)
            raise SystemExit(f"{self.name} ended: {self.log.read()}")
        return answer


def verifiers(arguments, issuer, authority):
    """All verifiers of the page, each started."""
    files = snippets.read(issuer)
    environment = {
        **os.environ,
        "SSL_CERT_FILE": str(authority),
        "NODE_EXTRA_CA_CERTS": str(authority),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    for name in ("simplejwt", "authentication", "fastapi"):
        folder = arguments.scratch / name
        folder.mkdir()
        for file in ("settings.py", "authentication.py", "main.py"):
            (folder / file).write_text(files[file])
        yield Verifier(name, [sys.executable, HERE.resolve() / "driver.py", name], folder, environment)
    for file in sorted(name for name in files if name.endswith(".mjs")):
        # Beside node_modules, where Node looks for packages.
        for source, text in ((file, files[file]), ("driver.mjs", (HERE / "driver.mjs").read_text())):
            (arguments.node / source).write_text(text)
        command = ["node", "driver.mjs", arguments.node / file]
        yield Verifier(file.removesuffix(".mjs"), command, arguments.node, environment)
    yield Verifier("rust", [rust(arguments, files)], arguments.scratch, environment)


def rust(arguments, files):
    """Builds the program with the manual's code, and returns it."""
    folder = arguments.scratch / "rust"
    (folder / "src").mkdir(parents=True)
    package = '[package]\nname = "verifier"\nversion = "0.0.0"\nedition = "2024"\n\n[workspace]\n\n'
    (folder / "Cargo.toml").write_text(package + files["Cargo.toml"])
    (folder / "src/verify.rs").write_text(files["verify.rs"])
    shutil.copy(HERE / "driver.rs", folder / "src/main.rs")
    command = ["cargo", "build", "--quiet", "--manifest-path", folder / "Cargo.toml"]
    subprocess.run(command, check=True, env={**os.environ, "CARGO_TARGET_DIR": str(arguments.target)})
    return arguments.target / "debug/verifier"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--secrets-manager", required=True)
    for name in ("--scratch", "--node", "--target"):
        parser.add_argument(name, type=pathlib.Path, required=True)
    arguments = parser.parse_args()

    secret, port = Secret(arguments.secrets_manager), free_port()
    files = https.certificate(arguments.scratch)
    issuer = f"https://localhost:{https.forward(files, port)}"
    stacks = [
        Stack(secret, port, API_URL=issuer),
        Stack(secret, free_port(), API_URL=issuer, TOKEN_AUDIENCE="another-api"),
        Stack(secret, free_port(), API_URL=issuer, TOKEN_ISSUER="https://other.example.com"),
    ]
    try:
        play(arguments, secret, issuer, files[2], *stacks)
    finally:
        for stack in stacks:
            stack.stop()


def play(arguments, secret, issuer, authority, stack, of_another_audience, of_another_issuer):
    stack.set("ACCESS_TOKEN_LIFETIME", 1)
    expired = stack.log_in()
    stack.set("ACCESS_TOKEN_LIFETIME", 300)
    before = stack.log_in()
    stack.set("ACCESS_TOKEN_ALGORITHM", "HS256")
    symmetric = stack.log_in()
    stack.set("ACCESS_TOKEN_ALGORITHM", "ES256")
    [key] = stack.keys()
    header, claims, signature = before.split(".")
    bad = {
        "expired": expired,
        "for another audience": of_another_audience.log_in(),
        "of another issuer": of_another_issuer.log_in(),
        "signed with HS256 by the service itself": symmetric,
        "signed with HS256 under the public key as PEM": forged(before, pem(key)),
        "signed with HS256 under the public key as JWK": forged(before, json.dumps(key).encode()),
        "signed with HS256 under the thumbprint": forged(before, key["kid"].encode()),
        "signed with HS256 under the public key as PEM, of an unknown kid": forged(before, pem(key), "unknown"),
        "without a signature": f"{encoded(json.dumps({'alg': 'none', 'typ': 'at+jwt', 'kid': key['kid']}).encode())}.{claims}.",
        "with other claims": f"{header}.{of_another_audience.log_in().split('.')[1]}.{signature}",
        "that is none": "abc",
    }
    time.sleep(2)

    found = list(verifiers(arguments, issuer, authority))
    wrong = []

    def check(verifier, what, token, expected):
        answer = verifier.says(token)
        if answer != expected:
            wrong.append(f"{verifier.name}: a token {what}: {answer} instead of {expected}")

    for verifier in found:
        check(verifier, "from before the rotation", before, f"accepted {stack.user}")
        for what, token in bad.items():
            check(verifier, what, token, "refused")
    secret.rotate()
    after = stack.wait_for_new_key(before)
    for verifier in found:
        check(verifier, "from after the rotation", after, f"accepted {stack.user}")
        check(verifier, "from before the rotation, after it", before, f"accepted {stack.user}")
        check(verifier, "signed with HS256 under the new public key", forged(after, pem(stack.keys()[0])), "refused")
    if wrong:
        sys.exit("\n".join(wrong))
    names = ", ".join(verifier.name for verifier in found)
    print(f"{len(found)} verifiers ({names}): each accepted 3 tokens and refused {len(bad) + 1}, across a rotation")


if __name__ == "__main__":
    main()
