"""Parameters, conditions and rules of a template, as CloudFormation evaluates them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-conditions.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-rules.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

import re

NOTHING = {"Ref": "AWS::NoValue"}
LISTS = ("CommaDelimitedList", "List<")


class Unknown(Exception):
    """A function that this file does not know; better than a guess."""


class Values:
    """A template with the values of its parameters."""

    def __init__(self, template, given=None):
        self.template = template
        self.declared = template.get("Parameters", {})
        self.texts = {name: str(one.get("Default", "")) for name, one in self.declared.items()} | (given or {})
        self.keys = chooses_in_mappings(template.get("Resources", {}))
        self.known = {}

    def parameter(self, name):
        text = self.texts[name]
        is_list = self.declared[name]["Type"].startswith(LISTS)
        return [part.strip() for part in text.split(",")] if is_list else text

    def condition(self, name):
        if name not in self.known:
            self.known[name] = self.truth(self.template["Conditions"][name])
        return self.known[name]

    def truth(self, expression):
        value = self.value(expression)
        if not isinstance(value, bool):
            raise Unknown(f"no truth value: {expression}")
        return value

    def value(self, expression):
        if isinstance(expression, list):
            return [self.value(one) for one in expression]
        if not isinstance(expression, dict):
            return expression
        [(function, given)] = expression.items()
        match function:
            case "Ref":
                return self.parameter(given)
            case "Condition":
                return self.condition(given)
            case "Fn::Equals":
                left, right = self.value(given)
                return left == right
            case "Fn::Not":
                return not self.truth(given[0])
            case "Fn::And":
                return all(self.truth(one) for one in given)
            case "Fn::Or":
                return any(self.truth(one) for one in given)
            case "Fn::Contains":
                texts, text = self.value(given)
                return text in texts
            case "Fn::EachMemberEquals":
                texts, text = self.value(given)
                return all(one == text for one in texts)
            case "Fn::EachMemberIn":
                texts, among = self.value(given)
                return all(one in among for one in texts)
            case "Fn::Join":
                separator, texts = given
                return separator.join(self.value(texts))
            case "Fn::Select":
                index, texts = given
                return self.value(texts)[int(index)]
            case "Fn::Split":
                separator, text = given
                return self.value(text).split(separator)
        raise Unknown(function)

    def refusals(self):
        """Why CloudFormation refuses these values: what a rule asserts, or a parameter does not allow."""
        said = [f"{name}: {why}" for name in self.declared for why in self.not_allowed(name)]
        for rule in self.template.get("Rules", {}).values():
            if "RuleCondition" in rule and not self.truth(rule["RuleCondition"]):
                continue
            for assertion in rule["Assertions"]:
                if not self.truth(assertion["Assert"]):
                    said.append(assertion["AssertDescription"])
        return said

    def not_allowed(self, name):
        declared, text = self.declared[name], self.texts[name]
        elements = text.split(",") if declared["Type"].startswith(LISTS) else [text]
        for element in elements:
            if "AllowedPattern" in declared and not re.fullmatch(declared["AllowedPattern"], element):
                yield f"{element!r} does not match {declared['AllowedPattern']}"
            if "AllowedValues" in declared and element not in map(str, declared["AllowedValues"]):
                yield f"{element!r} is not among the allowed values"
            if len(element) < int(declared.get("MinLength", 0)) or len(element) > int(declared.get("MaxLength", 4096)):
                yield f"{len(element)} characters"
            if declared["Type"] == "Number":
                low, high = float(declared.get("MinValue", "-inf")), float(declared.get("MaxValue", "inf"))
                if not re.fullmatch(r"-?\d+(\.\d+)?", element) or not low <= float(element) <= high:
                    yield f"{element!r} is not a number from {low} to {high}"

    def resolved(self, given):
        """`given` without what conditions leave out, and with the values of parameters where it names them."""
        if isinstance(given, list):
            return [one for one in map(self.resolved, given) if one != NOTHING]
        if not isinstance(given, dict):
            return given
        if set(given) == {"Fn::If"}:
            name, then, otherwise = given["Fn::If"]
            return self.resolved(then if self.condition(name) else otherwise)
        if set(given) == {"Ref"} and given["Ref"] in self.declared:
            return self.typed(given["Ref"])
        if set(given) == {"Fn::Sub"}:
            return {"Fn::Sub": self.substituted(given["Fn::Sub"])}
        if given == NOTHING:
            return given
        return {key: value for key, one in given.items() if (value := self.resolved(one)) != NOTHING}

    def substituted(self, given):
        text, own = given if isinstance(given, list) else (given, {})
        known = {name: value for name, value in self.texts.items() if name not in own}
        text = re.sub(r"\$\{(\w+)\}", lambda name: known.get(name[1], name[0]), text)
        return [text, self.resolved(own)] if own else text

    def typed(self, name):
        value = self.parameter(name)
        is_number = self.declared[name]["Type"] == "Number" and re.fullmatch(r"-?\d+", value)
        # A mapping's keys are texts, so a number stays one where it chooses among them.
        return int(value) if is_number and name not in self.keys else value

    def present(self):
        """The template with these parameters: no condition and no parameter is left in its resources and outputs."""
        kept = {section: one for section, one in self.template.items() if section != "Rules"}
        for section in ("Resources", "Outputs"):
            kept[section] = {
                name: {key: one for key, one in self.resolved(declared).items() if key != "Condition"}
                for name, declared in self.template.get(section, {}).items()
                if "Condition" not in declared or self.condition(declared["Condition"])
            }
        return kept


def chooses_in_mappings(given):
    """The parameters that Fn::FindInMap looks up by."""
    found = set()
    if isinstance(given, dict):
        for key in given.get("Fn::FindInMap", []):
            if isinstance(key, dict) and "Ref" in key:
                found.add(key["Ref"])
        given = list(given.values())
    if isinstance(given, list):
        for one in given:
            found |= chooses_in_mappings(one)
    return found
