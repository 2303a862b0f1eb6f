"""Resources of types that moto's CloudFormation does not make: names to refer to, and nothing behind them."""

import logging

from moto.cloudformation import parsing
from moto.core.common_models import CloudFormationModel
from moto.iam.models import ManagedPolicy, iam_backends

# It says of each such type that it does not know it; so does the rehearsal, at its end.
logging.getLogger("moto").setLevel(logging.ERROR)

known = parsing.resource_class_from_type
made = {}


class StandIn(CloudFormationModel):
    __module__ = "moto.cloudformation.standins"  # moto takes the name of a service from it.
    resource_type = None

    def __init__(self, name, properties, account, region):
        self.name, self.properties, self.account, self.region = name, properties, account, region

    @property
    def physical_resource_id(self):
        if self.resource_type == "AWS::Lambda::Alias":
            function = self.properties["FunctionName"]
            return f"arn:aws:lambda:{self.region}:{self.account}:function:{function}:{self.properties['Name']}"
        if self.resource_type == "AWS::SecretsManager::Secret":
            return f"arn:aws:secretsmanager:{self.region}:{self.account}:secret:{self.name}"
        return self.name

    @staticmethod
    def cloudformation_name_type():
        return ""

    @classmethod
    def cloudformation_type(cls):
        return cls.resource_type or ""

    @classmethod
    def has_cfn_attr(cls, attr):
        return True

    def get_cfn_attribute(self, attribute_name):
        return f"{self.name}.{attribute_name}"

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
        return cls(resource_name, cloudformation_json["Properties"], account_id, region_name)

    @classmethod
    def update_from_cloudformation_json(
        cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name
    ):
        original_resource.properties = cloudformation_json["Properties"]
        return original_resource

    def delete(self, account_id, region_name):
        pass


# moto's own of these tell no number, and find no function behind an alias.
UNFIT = ("AWS::Lambda::Version", "AWS::Lambda::Permission")


def class_of(resource_type):
    found = None if resource_type in UNFIT else known(resource_type)
    if found is None and resource_type not in made:
        made[resource_type] = type(StandIn)("StandIn", (StandIn,), {"resource_type": resource_type, "__module__": StandIn.__module__})
    return found or made[resource_type]


def stands_in_for(resource_type):
    return issubclass(class_of(resource_type), StandIn)


def update(logical_id, resource_json, resources_map, account_id, region_name, moto=parsing.parse_and_update_resource):
    """moto forgets a resource whose type it cannot update."""
    former = resources_map[logical_id]
    now = moto(logical_id, resource_json, resources_map, account_id, region_name) or former
    now.logical_resource_id, now.cf_resource_type = logical_id, resource_json["Type"]
    return now


def delete_policy(self, account_id, region_name):
    """moto does not delete policies with their stack."""
    iam_backends[account_id]["aws"].delete_policy(self.arn)


def install():
    ManagedPolicy.delete = delete_policy
    parsing.resource_class_from_type = class_of
    parsing.parse_and_update_resource = update
