"""moto's server, with what CloudFormation does and moto leaves out.

SAM's transform runs, by SAM's own translator. Values that the template does not allow are refused, by its rules too. An update
makes and takes away what conditions switch. A stack that a change set made has outputs. A creation that fails is rolled back,
and a deletion keeps what its DeletionPolicy keeps:
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
"""

import json
import sys
import traceback

from moto.cloudformation import models
from moto.server import main

import sam
import standins
from conditions import Values

backend = models.CloudFormationBackend


def values_of(parameters):
    """A creation gives them as a dictionary, an update as a list."""
    if isinstance(parameters, list):
        parameters = {one["ParameterKey"]: one.get("ParameterValue", "") for one in parameters}
    return dict(parameters or {})


def processed(text, parameters):
    if not isinstance(text, str) or "AWS::Serverless-2016-10-31" not in text:
        return text
    template = sam.read_text(text)
    parameters = {**sam.defaults(template), **parameters}
    refused = Values(template, parameters).refusals()
    if refused:
        raise models.ValidationError(message="; ".join(refused))
    return json.dumps(Values(sam.translate(template, parameters), parameters).present())


def with_processing(method):
    names = method.__code__.co_varnames[1 : method.__code__.co_argcount]

    def run(self, *arguments, **named):
        named.update(zip(names, arguments))
        named["template"] = processed(named["template"], values_of(named["parameters"]))
        return method(self, **named)

    return run


def execute(self, change_set_name, stack_name=None, moto=backend.execute_change_set):
    change_set = self.describe_change_set(change_set_name)
    stack = change_set.stack
    try:
        moto(self, change_set_name, stack_name)
    except Exception as error:  # Whatever moto says to a resource, the real service would have said something like it.
        if change_set.change_set_type != "CREATE":
            raise
        traceback.print_exc()
        roll_back(stack, str(error))
        return
    stack.template_dict, stack.parameters = change_set.template_dict, change_set.parameters
    stack.output_map = stack._create_output_map()


def roll_back(stack, why):
    """Only Retain outlives this; RetainExceptOnCreate does not."""
    stack._add_stack_event("ROLLBACK_IN_PROGRESS", resource_status_reason=why)
    resources, failed = stack.resource_map, []
    for name, declared in reversed(resources._resource_json_map.items()):
        made = resources._parsed_resources.get(name)
        if made is None or isinstance(made, str) or declared.get("DeletionPolicy") == "Retain":
            continue
        try:
            resources._delete_resource(made, declared)
            del resources._parsed_resources[name]
        except Exception as error:
            failed.append(f"{name}: {error}")
    stack.status = "ROLLBACK_FAILED" if failed else "ROLLBACK_COMPLETE"
    stack._add_stack_event(stack.status, resource_status_reason="; ".join(failed) or None)


def delete(self, name_or_stack_id, moto=backend.delete_stack):
    for stack in self.stacks.values():
        if name_or_stack_id in (stack.name, stack.stack_id):
            for declared in stack.resource_map._resource_json_map.values():
                if declared.get("DeletionPolicy") == "RetainExceptOnCreate":
                    declared["DeletionPolicy"] = "Retain"
    moto(self, name_or_stack_id)


for name in ("create_stack", "update_stack", "create_change_set"):
    setattr(backend, name, with_processing(getattr(backend, name)))
standins.install()
backend.execute_change_set = execute
backend.delete_stack = delete

main(sys.argv[1:])
