"""Makes the .json files beside it: Django's own verdicts. Run with `pip install django==5.2.19`, then `python make.py`."""

import json
import random
import unicodedata
from pathlib import Path
from types import SimpleNamespace

from django.conf import settings

settings.configure(USE_I18N=False)

from django.contrib.auth.password_validation import UserAttributeSimilarityValidator
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

HERE = Path(__file__).parent


def accepts(validator, *values):
    try:
        validator(*values)
    except ValidationError:
        return False
    return True


def write(name, cases):
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
    (HERE / name).write_text(f"[\n{lines}\n]\n", encoding="utf-8")


LOCALS = """a a.b a..b .a a. a+b a-b a_b a'b !#$%&'*+-/=?^_`{|}~ a@b a,b a;b a:b a<b a(b) a\\b a"b "a" "a b" "a@b" "a\\"b" "a"b"
"" " "a\\" é ä.b дмитрий 用户 1 1.2 A.B a/b {a} %61 ~a""".split(" ") + ["", "a b", " a", "a\tb", "a\x00b", "a\nb", '"a\x01b"', '"a\nb"', '"a\\\nb"', '"\\é"', "a" * 64, "a" * 65]
DOMAINS = """example.com Example.COM localhost LOCALHOST local a.b a.bc a.bcd a.1 a.12 a.b1 a.1b a.b-c a.-bc a.bc- -a.com a-.com a--b.com
1.com 1.2.3.com a..com .com com. a.com. a_b.com a.c_m a+b.com bücher.de BÜCHER.de bücher.bücher 例え.jp 例え.テスト xn--bcher-kva.de a.xn--p1ai
a.xn-- a.XN--P1AI a.xn--a-b [127.0.0.1] [127.0.0.256] [127.0.0.01] [127.0.0] [1.2.3.4.5] [::1] [2001:db8::1] [2001:DB8::1]
[::ffff:127.0.0.1] [2001:db8::1::2] [fe80::1%eth0] [] [a] 127.0.0.1 ::1 [127.0.0.1 127.0.0.1] [IPv6:::1] a.museum a.com:25 a.com/b a,b.com
😀.com a.😀😀 a\u3000b.com a\u00a0b.com a\u00a1b.com a.\u00a1\u00a1 a\u200bb.com a.c٣m ٣.com""".split()
DOMAINS += ["", " a.com", "a.com ", "a b.com", "a.com\n", "a" * 63 + ".com", "a" * 64 + ".com", "a.b" + "c" * 62, "a.b" + "c" * 63, "é" * 63 + ".com", "é" * 64 + ".com", "a." + "xn--" + "a" * 59, "a.xn--" + "a" * 60]

emails = [f"{local}@example.com" for local in LOCALS] + [f"a@{domain}" for domain in DOMAINS] + ["", "@", "a", "a.com", "a@b@c.com", "a@"]
emails = [email for email in dict.fromkeys(emails) if len(email) <= 254]
write("django-emails.json", [[email, accepts(validate_email, email)] for email in emails])

NAMES = """ada Ada ADA ada@example.com a.b a+b a-b a_b a!b a/b a#b a,b é e\u0301 ß дмитрий 用户 ユーザー ひらがな 한글 ﬁ Ａｄａ ① ½ ² Ⅷ ٣ ३
हिन्दी हनद ไทย שלום שָׁלוֹם مرحبا 😀 € ™ ª º µ Ω ʰ ǅ _ . @ + - -- 1 123 a\u200bb a\u200db a\u00adb a\u0300 \u0300 a\ufe0f ١ ௧ ൰ 〇 ㊀ ㍿""".split()
NAMES += ["a b", "a\x00", "a\n", "a\tb", "x" * 150]


def username(name):
    name = unicodedata.normalize("NFKC", name)
    return name if accepts(UnicodeUsernameValidator(), name) else None


write("django-usernames.json", [[name, username(name)] for name in NAMES])

rng = random.Random(1815)
WORDS = "ada lovelace charles babbage engine analytical example com password 1815 London.bridge countess-of émile 用户".split()


def word():
    text = rng.choice(WORDS)
    if rng.random() < 0.5:
        text = "".join(c for c in text if rng.random() < 0.9)
    return text.upper() if rng.random() < 0.2 else text


def similar(password, value):
    user = SimpleNamespace(username=value, _meta=SimpleNamespace(get_field=lambda name: SimpleNamespace(verbose_name=name)))
    return not accepts(UserAttributeSimilarityValidator().validate, password, user)


pairs = []
while len(pairs) < 400:
    value = rng.choice(["", "@", ".", "-", "_"]).join(word() for _ in range(rng.randint(1, 3)))
    password = value if rng.random() < 0.5 else "".join(word() for _ in range(rng.randint(1, 3)))
    password = "".join(c for c in password if rng.random() < 0.8) + rng.choice(["", "1", "99", "!", "-xyz"])
    if value and password:
        pairs.append([password, value, similar(password, value)])
write("django-similarity.json", pairs)
