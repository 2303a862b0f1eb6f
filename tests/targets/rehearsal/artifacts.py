"""What `sam build` made: how large each function is as SAM packs it, and that only functions that judge new passwords hold the
list of common ones, a third of a megabyte.
"""

import pathlib
import re
import shutil
import sys
import tempfile

import sam

# Bytes. A larger zip takes longer to load at a cold start. The documentation brings its pages along.
LIMIT = 3_400_000
LIMITS = {"docs": 3_300_000}
# The type in `shared` that holds the list.
JUDGE = "PasswordRules"
LIST = pathlib.Path("shared/data/common-passwords.txt")


def functions():
    """The folders of functions by their logical names."""
    for name, resource in sam.read()["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            yield name, pathlib.Path(resource["Properties"]["CodeUri"])


def zipped(folder):
    with tempfile.TemporaryDirectory() as scratch:
        return pathlib.Path(shutil.make_archive(f"{scratch}/zip", "zip", folder)).stat().st_size


def judges(folder):
    return any(re.search(rf"\b{JUDGE}\b", path.read_text()) for path in (folder / "src").rglob("*.rs"))


def main(build):
    # As it is in the program: a few hundred bytes out of the middle.
    text = LIST.read_bytes()
    piece = text[len(text) // 2 :][:300]
    wrong, judging = [], 0
    for name, folder in functions():
        size, limit = zipped(build / name), LIMITS.get(folder.name, LIMIT)
        holds, judge = piece in (build / name / "bootstrap").read_bytes(), judges(folder)
        judging += judge
        print(f"{name}: {size} bytes zipped, {'with' if holds else 'without'} the list of passwords")
        if size > limit:
            wrong.append(f"{name} is larger than {limit} bytes: what made it so?")
        if holds != judge:
            reason = "names" if judge else "does not name"
            wrong.append(f"{name} {'holds' if holds else 'lacks'} the list of passwords, and its source {reason} `{JUDGE}`")
    # Without one that holds it, nobody would notice if the list was stored in a way that is not found here.
    if not judging:
        wrong.append(f"no function names `{JUDGE}`: what is the type called now?")
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".aws-sam/build"))
