"""The template as CloudFormation gets it: read, and translated by the code that its transform runs."""

import copy
import logging

from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

# It warns once for each run that it has no account to look managed policies up in; the template names none by their name.
logging.getLogger("samtranslator").setLevel(logging.ERROR)

# Where `sam deploy` would have put a function's code.
CODE = "s3://artefacts/code"


def read(path="template.yaml"):
    with open(path) as file:
        return read_text(file.read())


def read_text(text):
    return yaml_parse(text)


def defaults(template):
    return {name: str(parameter["Default"]) for name, parameter in template.get("Parameters", {}).items() if "Default" in parameter}


def translate(template, values=None, code=CODE):
    """`values`: parameters that are not at their default. `code`: for functions whose code is a folder."""
    template = copy.deepcopy(template)
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Function" and not str(properties.get("CodeUri")).startswith("s3://"):
            properties["CodeUri"] = code
    return Translator({}, Parser()).translate(template, {**defaults(template), **(values or {})})
