# What a person does on the documentation page: `page.py URL CHROMIUM [SCREENSHOT]`.
import json
import sys

from playwright.sync_api import sync_playwright

URL, CHROMIUM, SCREENSHOT = sys.argv[1:4]
EMAIL, PASSWORD = "ada@example.com", "correct horse battery staple"


def call(page, operation, body=None):
    """Calls an operation on the page, and returns the status and the body that the page shows."""
    block = page.locator(f"#operations-{operation}")
    if not block.locator(".opblock-body").count():
        block.locator(".opblock-summary-control").click()
    if body is not None:
        block.locator("textarea.body-param__text").fill(json.dumps(body))
    with page.expect_response(lambda response: "/api/" in response.url) as responses:
        block.get_by_role("button", name="Execute").click()
    status = responses.value.status
    answer = block.locator(".live-responses-table tbody tr.response").first
    answer.locator(".response-col_status", has_text=str(status)).wait_for()
    shown = json.loads(answer.locator(".response-col_description code").first.inner_text())
    block.locator(".opblock-summary-control").click()
    return status, shown


with sync_playwright() as playwright:
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    complaints, elsewhere = [], []
    page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: elsewhere.append(request.url) if not request.url.startswith((URL[: -len("/api/docs/")], "data:")) else None)
    page.goto(URL)
    page.get_by_role("button", name="Authorize").wait_for()
    if SCREENSHOT:
        page.screenshot(path=SCREENSHOT)

    assert call(page, "accounts-register", {"email": EMAIL, "password": PASSWORD})[0] == 201
    status, tokens = call(page, "sessions-login", {"email": EMAIL, "password": PASSWORD})
    assert status == 200, tokens
    assert not complaints, complaints

    # Chromium tells of a 401 on its console.
    assert call(page, "accounts-me")[0] == 401
    assert len(complaints) == 1 and "401" in complaints.pop(), complaints

    page.get_by_role("button", name="Authorize").first.click()
    dialog = page.locator(".modal-ux")
    dialog.get_by_role("textbox").fill(tokens["access"])
    dialog.get_by_role("button", name="Apply credentials").click()
    dialog.get_by_role("button", name="Close").last.click()
    status, profile = call(page, "accounts-me")
    assert (status, profile["email"]) == (200, EMAIL), (status, profile)
    assert not complaints, complaints
    assert not elsewhere, elsewhere
    browser.close()
print("registered, logged in, authorised and read the profile on the page; nothing came from elsewhere")
