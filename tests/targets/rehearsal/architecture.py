"""That the functions which `sam build` made are for the processor that the template names: an ELF file says for which it is.

The field e_machine, two bytes at offset 18: https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html
"""

import pathlib
import struct
import sys
import tempfile

import sam

MACHINES = {62: "x86_64", 183: "arm64"}


def processor(path):
    with open(path, "rb") as file:
        head = file.read(20)
    if len(head) < 20 or head[:4] != b"\x7fELF" or head[5] != 1:
        return "none: this is no ELF file with the low byte first"
    (machine,) = struct.unpack_from("<H", head, 18)
    return MACHINES.get(machine, f"e_machine {machine}")


def wanted(template, name):
    everywhere = template.get("Globals", {}).get("Function", {}).get("Architectures", ["x86_64"])
    [architecture] = template["Resources"][name]["Properties"].get("Architectures", everywhere)
    return architecture


def wrong(template, build):
    """What is built for another processor, or not built."""
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            path = pathlib.Path(build) / name / "bootstrap"
            has = processor(path) if path.exists() else "nothing"
            if has != wanted(template, name):
                yield f"{path}: the template says {wanted(template, name)}, and there is {has}"


def tries_itself(template):
    """Nobody would notice a check that lets everything pass."""
    with tempfile.TemporaryDirectory() as build:
        for name, resource in template["Resources"].items():
            if resource["Type"] == "AWS::Serverless::Function":
                other = next(number for number, one in MACHINES.items() if one != wanted(template, name))
                (pathlib.Path(build) / name).mkdir()
                header = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HH", 3, other)
                (pathlib.Path(build) / name / "bootstrap").write_bytes(header)
        functions = sum(one["Type"] == "AWS::Serverless::Function" for one in template["Resources"].values())
        return len(list(wrong(template, build))) == functions


def main(build):
    template = sam.read()
    if not tries_itself(template):
        sys.exit("functions for another processor pass")
    if not pathlib.Path(build).is_dir():
        print(f"processors: NOT checked, since there is no {build}; sam build makes it")
        return
    found = list(wrong(template, build))
    if found:
        sys.exit("\n".join(found))
    print("processors: the functions are built for those that the template names")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else ".aws-sam/build")
