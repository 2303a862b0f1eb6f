"""A project that uses the manual's code. For each token on standard input it says what a request with it is answered.

Usage: driver.py simplejwt|authentication|fastapi, in a folder with the files of the manual.
"""

import os
import sys

sys.path.insert(0, os.getcwd())
# What every project of Django has, beside the settings of the manual.
PROJECT = {
    "SECRET_KEY": "of a project that trusts others to issue tokens",
    "ALLOWED_HOSTS": ["testserver"],
    "ROOT_URLCONF": "urls",
    "INSTALLED_APPS": ["django.contrib.auth", "django.contrib.contenttypes", "rest_framework"],
}
VIEW = """
from django.urls import path
from rest_framework.decorators import api_view
from rest_framework.response import Response

@api_view()
def orders(request):
    return Response({"user_id": request.user.id, "session_id": request.auth["sid"]})

urlpatterns = [path("orders", orders)]
"""


def django(**settings):
    from django.conf import settings as configured

    configured.configure(**PROJECT, **settings)
    with open("urls.py", "w") as file:
        file.write(VIEW)
    import django as package

    package.setup()
    from rest_framework.test import APIClient

    client = APIClient()
    return lambda header: client.get("/orders", HTTP_AUTHORIZATION=header)


def simplejwt():
    import settings

    return django(REST_FRAMEWORK=settings.REST_FRAMEWORK, SIMPLE_JWT=settings.SIMPLE_JWT)


def authentication():
    classes = ["authentication.AccessToken"]
    permissions = ["rest_framework.permissions.IsAuthenticated"]
    return django(REST_FRAMEWORK={"DEFAULT_AUTHENTICATION_CLASSES": classes, "DEFAULT_PERMISSION_CLASSES": permissions})


def fastapi():
    import main
    from fastapi.testclient import TestClient

    client = TestClient(main.app)
    return lambda header: client.get("/orders", headers={"Authorization": header})


def main_loop():
    get = {"simplejwt": simplejwt, "authentication": authentication, "fastapi": fastapi}[sys.argv[1]]()
    for line in sys.stdin:
        answer = get(f"Bearer {line.strip()}")
        if answer.status_code == 200:
            print(f"accepted {answer.json()['user_id']}", flush=True)
        elif answer.status_code == 401:
            print("refused", flush=True)
        else:
            print(f"failed with {answer.status_code}: {answer.content!r}", flush=True)


if __name__ == "__main__":
    main_loop()
