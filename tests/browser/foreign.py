# What a page of another origin can do to the local stack: `foreign.py API DYNAMODB CHROMIUM`. Nothing: it reads and changes
# nothing, from another site, from another port of this machine, and by a name of its own that leads here (DNS rebinding). The same
# pages are tried on a server that lets everybody in, as DynamoDB Local does; there they must succeed, or this test shows nothing.
import json
import sys
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from playwright.sync_api import sync_playwright

API, DYNAMODB, CHROMIUM = sys.argv[1:4]
KEPT_BACK = "what nobody else may read"
SIGNED = {
    "content-type": "application/x-amz-json-1.0",
    "x-amz-date": "20260101T000000Z",
    "authorization": "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
}
ITEM = {"pk": {"S": "email#victim@example.com"}, "user_id": {"N": "1"}, "password_hash": {"S": "of somebody else"}}
PUT = {"TableName": "UsersTable", "Item": ITEM}
SCAN = {"TableName": "UsersTable"}
SCAN_HEADERS = SIGNED | {"x-amz-target": "DynamoDB_20120810.Scan"}
PUT_HEADERS = SIGNED | {"x-amz-target": "DynamoDB_20120810.PutItem"}
INTRUDER = {"email": "intruder@example.com", "password": "correct horse battery staple"}
# What scripts can send, with every header that they may set.
FETCH = """
async ([url, headers, body]) => {
    const read = [];
    const attempt = async (name, options) => {
        try {
            const response = await fetch(url, options);
            read.push([name, response.status, await response.text()]);
        } catch (error) {
            read.push([name, 0, ""]);
        }
    };
    await attempt("GET", {});
    await attempt("GET, no-cors", { mode: "no-cors" });
    await attempt("POST", { method: "POST", headers, body });
    await attempt("POST without a preflight", { method: "POST", headers: { "content-type": "text/plain" }, body });
    await attempt("POST, no-cors", { method: "POST", mode: "no-cors", body });
    await attempt("PUT", { method: "PUT", headers, body });
    return read;
}
"""
# What a form can send: with the equals sign between the two, the same JSON with a field more.
FORM = """
([url, body]) => {
    const frame = document.createElement("iframe");
    frame.name = "answer";
    document.body.appendChild(frame);
    const form = document.body.appendChild(document.createElement("form"));
    Object.assign(form, { method: "POST", enctype: "text/plain", action: url, target: frame.name });
    const field = form.appendChild(document.createElement("input"));
    [field.name, field.value] = [body.slice(0, -1) + ', "more": "', '"}'];
    form.submit();
}
"""


class Open(BaseHTTPRequestHandler):
    """Answers whoever asks, and keeps what is put."""

    kept = []

    def do_GET(self):
        self.answer()

    def do_OPTIONS(self):
        self.answer()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("x-amz-target", "").endswith(".PutItem"):
            self.kept.append(json.loads(body))
        self.answer()

    def do_PUT(self):
        self.do_POST()

    def answer(self):
        self.send_response(200)
        self.send_header("content-type", "text/plain")
        self.send_header("content-length", str(len(KEPT_BACK)))
        self.send_header("access-control-allow-origin", "*")
        self.send_header("access-control-allow-methods", self.headers.get("access-control-request-method", "*"))
        self.send_header("access-control-allow-headers", self.headers.get("access-control-request-headers", "*"))
        self.end_headers()
        self.wfile.write(KEPT_BACK.encode())

    def log_message(self, *arguments):
        pass


def send(url, body, headers):
    """What a program does: the status and the body of the answer."""
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def users():
    """All that the table of users holds."""
    status, body = send(DYNAMODB, SCAN, SCAN_HEADERS)
    assert status == 200, body
    return sorted(json.dumps(item, sort_keys=True) for item in json.loads(body)["Items"])


def call(endpoint, email):
    account = {"email": email, "password": "correct horse battery staple"}
    return send(f"{API}/api/{endpoint}/", account, {"content-type": "application/json"})[0]


def attack(browser, place, urls, headers, body):
    """What a page at this place could read at these URLs: for each attempt its name, the status and the answer."""
    page = browser.new_page()
    # The page comes from here; what it sends goes out. While a page is routed, Playwright answers its preflights by itself.
    html = "<!doctype html><title>another origin</title><body>"
    page.route("**/page.html", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto(f"{place}/page.html")
    page.unroute_all()
    assert page.evaluate("location.origin") == place
    body, read = json.dumps(body), []
    for url in urls:
        read += page.evaluate(FETCH, [url, headers, body])
        with page.expect_response(lambda response: response.request.is_navigation_request()) as answers:
            page.evaluate(FORM, [url, body])
        # A page cannot see even this.
        assert answers.value.request.method == "POST"
    page.close()
    return read


server = ThreadingHTTPServer(("127.0.0.1", 0), Open)
threading.Thread(target=server.serve_forever, daemon=True).start()
everybodys = f"http://127.0.0.1:{server.server_port}"

assert call("register", "victim@example.com") == 201
before = users()
assert any("argon2id" in item for item in before)

with sync_playwright() as playwright:
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    # Every name of a page leads here. What Chromium itself does against such pages is not what is tested; other browsers do less.
    flags += ["--host-resolver-rules=MAP *.example 127.0.0.1", "--disable-features=LocalNetworkAccessChecks"]
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
    for name in ("http://evil.example", "http://localhost:5173", "http://127.0.0.1:5173", "rebinding"):

        def tried(url, paths, headers, body, name=name):
            """The attack on that URL, by a name of the page's own where that leads here."""
            own = url.replace("127.0.0.1", "rebind.example")
            place, url = (own, own) if name == "rebinding" else (name, url)
            return attack(browser, place, [url + path for path in paths], headers, body)

        Open.kept.clear()
        read = tried(everybodys, ["/"], PUT_HEADERS, PUT)
        assert ["POST", 200, KEPT_BACK] in read and PUT in Open.kept, (name, read, Open.kept)

        read = tried(DYNAMODB, ["/"], SCAN_HEADERS, SCAN) + tried(DYNAMODB, ["/"], PUT_HEADERS, PUT)
        read += tried(API, ["/api/register/", "/api/login/", "/api/me/"], {"content-type": "application/json"}, INTRUDER)
        # By a name of its own a page may read that it is turned away.
        assert all(status == 0 or (status == 403 and name == "rebinding") for _, status, _ in read), (name, read)
    browser.close()

assert users() == before, users()
assert call("login", "victim@example.com") == 200
assert call("login", INTRUDER["email"]) == 401
print("pages of other origins read and changed nothing, neither in DynamoDB nor at the API; on an open server they did both")
