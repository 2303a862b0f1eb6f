# What became of the users of users.py: `check.py URL PASSWORDS REPORT` logs everybody in; `check.py --hashes PASSWORDS EXPORT`
# looks at their hashes afterwards.
import json
import sys
import urllib.error
import urllib.request


def call(url, body=None, access=None):
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {access}"} if access else {})
    request = urllib.request.Request(url, json.dumps(body).encode() if body else None, headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def lines(path):
    with open(path) as file:
        return [json.loads(line) for line in file]


def fates(url, users, report):
    reasons = {refused["id"]: refused["reason"] for refused in report}
    for user in users:
        login = {"email": user["email"] or "nobody@example.com", "password": user["password"] or "x"}
        if user["fate"] == "logs in":
            status, tokens = call(f"{url}/api/login/", login)
            assert status == 200, (status, tokens, user)
            status, profile = call(f"{url}/api/me/", access=tokens["access"])
            local, _, domain = user["email"].rpartition("@")
            expected = {"id": user["id"], "username": user["username"], "email": f"{local}@{domain.lower()}"}
            assert (status, profile) == (200, expected), (profile, expected)
            status, _ = call(f"{url}/api/login/", {**login, "email": user["email"].upper()})
            assert status == 200, user
            status, _ = call(f"{url}/api/login/", {**login, "password": user["password"] + "!"})
            assert status == 401, user
        elif user["fate"] == "disabled":
            assert call(f"{url}/api/login/", login)[0] == 401, user
        else:
            assert reasons.pop(user["id"]) == user["fate"], user
    assert not reasons, reasons
    came = sum(user["fate"] == "logs in" for user in users)
    print(f"{came} users of {len(users)} log in, {len(report)} are in the report with the reason that is expected")
    assert came > 30


def hashes(users, exported):
    hash_of = {user["id"]: user["password_hash"] for user in exported}
    left = [user for user in users if user["fate"] == "logs in" and not hash_of[user["id"]].startswith("$argon2id$")]
    print(len(left))
    assert not left, left
    [disabled] = [user for user in users if user["fate"] == "disabled"]
    assert hash_of[disabled["id"]].startswith("argon2$argon2id$"), "nobody logged in there"


if sys.argv[1] == "--hashes":
    with open(sys.argv[2]) as file:
        hashes(json.load(file), lines(sys.argv[3]))
else:
    with open(sys.argv[2]) as file:
        fates(sys.argv[1], json.load(file), lines(sys.argv[3]))
