"""What an update replaces: a resource one of whose properties changed that its type says is set at creation only.

The types' schemas are AWS's own, as cfn-lint carries them.
"""

import functools
import re

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

# An update that replaced one of these would leave its content behind.
KEEPERS = {"AWS::DynamoDB::Table", "AWS::SecretsManager::Secret", "AWS::Logs::LogGroup", "AWS::ApiGatewayV2::Api"}


@functools.cache
def set_at_creation(resource_type):
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource_type).schema
    return [path.split("/")[2:] for path in schema.get("createOnlyProperties", [])]


def at(properties, path):
    for key in path:
        properties = properties.get(key) if isinstance(properties, dict) else None
    return properties


def with_another(given, names):
    """`given` as it is when these resources are others: what refers to them has changed too."""
    if isinstance(given, list):
        return [with_another(one, names) for one in given]
    if isinstance(given, str):
        return re.sub(r"\$\{(\w+)", lambda name: name[0] + "-another" * (name[1] in names), given)
    if not isinstance(given, dict):
        return given
    if set(given) == {"Ref"} or set(given) == {"Fn::GetAtt"}:
        [(function, of)] = given.items()
        name = of if isinstance(of, str) else of[0]
        return {function: of, "another": True} if name in names else given
    return {key: with_another(one, names) for key, one in given.items()}


class Update:
    """What an update from one template to another does to the stack's resources, by their names."""

    def __init__(self, before, after):
        self.old, self.new = before["Resources"], after["Resources"]
        self.added, self.removed = set(self.new) - set(self.old), set(self.old) - set(self.new)
        self.changed, self.replaced = set(), set()
        both = set(self.old) & set(self.new)
        # What is replaced changes those that refer to it, which may replace them in turn.
        while True:
            new = {name: with_another(self.new[name], self.replaced) for name in both}
            self.changed = {name for name in both if self.old[name] != new[name]}
            replaced = {name for name in self.changed if self.is_replaced(name, new[name])}
            if replaced == self.replaced:
                break
            self.replaced = replaced
        self.changed -= self.replaced

    def is_replaced(self, name, new):
        properties = [one.get("Properties", {}) for one in (self.old[name], new)]
        return any(at(properties[0], path) != at(properties[1], path) for path in set_at_creation(new["Type"]))

    def lost(self):
        return {name for name in self.replaced | self.removed if self.old[name]["Type"] in KEEPERS}

    def stale(self):
        """Functions that change while the version of theirs that is called stays the one before."""
        versions = {
            one["Properties"]["FunctionName"]["Ref"]: name
            for name, one in self.new.items() if one["Type"] == "AWS::Lambda::Version"
        }
        return {
            name for name in self.changed
            if name in versions and self.configured(self.old[name]) != self.configured(self.new[name])
            and versions[name] not in self.replaced | self.added
        }

    @staticmethod
    def configured(function):
        """A version holds all of these but how many requests the function may work on at once."""
        return {key: one for key, one in function["Properties"].items() if key != "ReservedConcurrentExecutions"}

    def told(self):
        kinds = (("adds", self.added), ("removes", self.removed), ("changes", self.changed), ("replaces", self.replaced))
        return ", ".join(f"{verb} {shown(names)}" for verb, names in kinds if names)


def shown(names):
    return " ".join(sorted(names)) if len(names) <= 4 else f"{len(names)} resources"
