"""The code of the manual, as a reader would copy it."""

import pathlib
import re

PAGE = pathlib.Path("docs/verify-tokens.md")
EXAMPLE = "https://auth.example.com"


def read(issuer):
    """The code blocks of the page that begin with the name of a file, by that name, for this issuer instead of the example."""
    blocks = re.findall(r"^```(?:python|js|rust|toml)\n(?:#|//) (\S+)\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    snippets = {name: text.replace(EXAMPLE, issuer) for name, text in blocks}
    if len(snippets) != len(blocks):
        raise SystemExit(f"{PAGE}: two blocks of code have the same name")
    return snippets
