# For `manage.py shell`: users of all kinds, and passwords.json, which tells what is to become of them.
import json

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User

PBKDF2 = "django.contrib.auth.hashers.PBKDF2PasswordHasher"
PASSWORDS = [
    "correct horse battery staple",
    " a blank before and behind ",
    "пароль-из-слов",
    "cafe\u0301 and café",
    "🐎🔋📎✅ horses",
    "x" * 128,
]
NAMES = ["ada", "Ada", "grace.hopper+navy@x_y-z", "ünïcödé", "имя", "名前", "n" * 150, "12345", "a@b", "_"]

users = []


def add(username, email, password, fate, hasher="argon2", **fields):
    algorithm = hasher if isinstance(hasher, str) else None
    encoded = make_password(password, hasher=algorithm) if algorithm else hasher(password)
    user = User.objects.create(username=username, email=email, password=encoded, **fields)
    users.append({"id": user.pk, "username": username, "email": email, "password": password, "fate": fate})


def old_pbkdf2(password):
    from django.contrib.auth.hashers import PBKDF2PasswordHasher

    return PBKDF2PasswordHasher().encode(password, "saltsaltsalt", iterations=20_000)


def old_argon2(password):
    # By Django 3.1.14, of the first password.
    return "argon2$argon2i$v=19$m=512,t=2,p=2$NGNHZDBITkhNTmc5$R60Bt2+wujkg048mYI9oJw"


hashers = ["pbkdf2_sha256", "argon2", old_pbkdf2]
from django.conf import settings

settings.PASSWORD_HASHERS = [
    PBKDF2,
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
for number, name in enumerate(NAMES):
    for index, hasher in enumerate(hashers):
        password = PASSWORDS[(number + index) % len(PASSWORDS)]
        username = name if index == 0 else f"{name[:140]}_{index}"
        add(username, f"User{number}.{index}@Example.com", password, "logs in", hasher)

add("disabled", "disabled@example.com", PASSWORDS[0], "disabled", is_active=False)
add("staff", "staff@bücher.example", PASSWORDS[0], "logs in", is_staff=True, is_superuser=True)
add("old", "old@example.com", PASSWORDS[0], "logs in", old_argon2)
add("twin1", "twin@example.com", PASSWORDS[0], "logs in")
add("twin2", "TWIN@example.com", PASSWORDS[1], "email: another user has it, perhaps in other case.")
add("nomail", "", PASSWORDS[0], "email: This field may not be blank.")
add("scrypt", "scrypt@example.com", PASSWORDS[0], "password hash: another scheme.", "scrypt")
add("none", "none@example.com", None, "password: unusable, the user has none.")
add("badmail", "not an address", PASSWORDS[0], "email: Enter a valid email address.")

with open("passwords.json", "w") as file:
    json.dump(users, file)
