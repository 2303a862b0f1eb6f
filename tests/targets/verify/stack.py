"""Local stacks that share one secret, in moto's Secrets Manager."""

import base64
import json
import os
import secrets
import socket
import subprocess
import time
import urllib.request

AWS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
}
PASSWORD = "correct horse battery staple"
# Seconds for which keys are served from memory and may be cached. A new version of the secret signs after three times that: later
# than the half minute in which some libraries do not look again for an unknown key.
MAX_AGE = 12


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def post(url, body, **headers):
    headers = {"Content-Type": "application/json", **headers}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


class Secret:
    """The secret, which can be rotated."""

    def __init__(self, secrets_manager):
        self.url = secrets_manager
        self.call("CreateSecret", Name="signing", SecretString=secrets.token_urlsafe(48))

    def call(self, action, **body):
        # moto checks no signature.
        authorization = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/secretsmanager/aws4_request"
        body.setdefault("ClientRequestToken", secrets.token_hex(16))
        headers = {"X-Amz-Target": f"secretsmanager.{action}", "Authorization": authorization}
        return post(self.url, body, **headers, **{"Content-Type": "application/x-amz-json-1.1"})

    def rotate(self):
        self.call("PutSecretValue", SecretId="signing", SecretString=secrets.token_urlsafe(48))


class Stack:
    """A local stack with a user."""

    def __init__(self, secret, port, **variables):
        self.api, self.dynamodb = f"http://127.0.0.1:{port}", free_port()
        environment = {
            **os.environ,
            **AWS,
            "SECRET_ID": "signing",
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": secret.url,
            **variables,
        }
        arguments = ["--in-memory", "--quiet", "--port", str(port), "--dynamodb-port", str(self.dynamodb)]
        arguments += ["--secret-max-age", str(MAX_AGE)]
        self.process = subprocess.Popen(["target/debug/local", *arguments], env=environment, stdout=subprocess.PIPE)
        banner = b""
        while b"Ctrl-C stops it." not in banner:
            line = self.process.stdout.readline()
            if not line:
                raise SystemExit(f"the local stack ended: {banner.decode()}")
            banner += line
        account = {"email": "ada@example.com", "password": PASSWORD}
        self.user = str(post(f"{self.api}/api/register/", account)["id"])

    def log_in(self):
        return post(f"{self.api}/api/login/", {"email": "ada@example.com", "password": PASSWORD})["access"]

    def keys(self):
        with urllib.request.urlopen(f"{self.api}/.well-known/jwks.json", timeout=30) as answer:
            return json.load(answer)["keys"]

    def set(self, name, value):
        local = ["--local", "--dynamodb-endpoint", f"http://127.0.0.1:{self.dynamodb}"]
        command = ["target/debug/manage", *local, "--yes", "settings", "set", name, str(value)]
        subprocess.run(command, check=True, capture_output=True, env={**os.environ, **AWS})

    def wait_for_new_key(self, former):
        """A token under another key than this one had, which signs soon after a rotation."""
        for _ in range(8 * MAX_AGE):
            token = self.log_in()
            if key_id(token) != key_id(former):
                return token
            time.sleep(1)
        raise SystemExit("the new version of the secret does not sign")

    def stop(self):
        self.process.kill()
        self.process.wait()


def key_id(token):
    header = token.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["kid"]
