"""That nothing refers to what is not there, whatever the parameters' values are.

For each reference in the translated template, all values of the parameters that decide whether its two ends are there are tried,
as far as the template's rules let them together.
"""

import itertools
import json
import re
import sys

import parameters
import sam
from conditions import Values

PSEUDO = re.compile(r"AWS::\w+")


def references(given, under=frozenset()):
    """Each name that `given` refers to, with the conditions that must hold or not for that: {(name, True)}."""
    if isinstance(given, list):
        for one in given:
            yield from references(one, under)
    if not isinstance(given, dict):
        return
    for key, one in given.items():
        if key == "Fn::If":
            name, then, otherwise = one
            yield name, under | {("condition", True)}
            yield from references(then, under | {(name, True)})
            yield from references(otherwise, under | {(name, False)})
        elif key == "Ref":
            yield one, under
        elif key == "Fn::GetAtt":
            yield (one[0] if isinstance(one, list) else one.split(".")[0]), under
        elif key == "Fn::Sub":
            text, own = one if isinstance(one, list) else (one, {})
            for name in re.findall(r"\$\{([\w:]+)", text):
                if name not in own:
                    yield name, under
            yield from references(own, under)
        elif key == "DependsOn":
            yield from ((name, under) for name in ([one] if isinstance(one, str) else one))
        elif key != "Condition":
            yield from references(one, under)


def named(expression):
    """The parameters and conditions that a condition or a rule names."""
    text = json.dumps(expression)
    return set(re.findall(r'"(?:Ref|Condition)": "(\w+)"', text))


class Template:
    def __init__(self, template):
        self.template = template
        self.conditions, self.rules = template.get("Conditions", {}), template.get("Rules", {})
        self.resources = template["Resources"]

    def decided_by(self, names):
        """The parameters that conditions depend on, and those that a rule ties to them."""
        found, more = set(), set(names)
        while more:
            name = more.pop()
            if name in self.conditions:
                more |= named(self.conditions[name])
            elif name not in found:
                found.add(name)
                more |= set().union(*(named(rule) for rule in self.rules.values() if name in named(rule))) - found
        return sorted(found)

    def checked(self):
        """Yields what dangles; counts what was tried."""
        self.tried, self.ends = 0, 0
        for section in ("Resources", "Outputs"):
            for name, declared in self.template.get(section, {}).items():
                own = frozenset({(declared["Condition"], True)} if "Condition" in declared else ())
                for target, under in set(references(declared, own)):
                    if ("condition", True) in under:
                        if target not in self.conditions:
                            yield f"{name} asks for the condition {target}, which is not there"
                    else:
                        yield from self.missing(name, target, under)

    def missing(self, name, target, under):
        if target in self.template.get("Parameters", {}) or PSEUDO.fullmatch(target):
            return
        if target not in self.resources:
            yield f"{name} refers to {target}, which is not in the template"
            return
        needed = self.resources[target].get("Condition")
        if needed is None or (needed, True) in under:
            return
        self.ends += 1
        for values in self.combinations({needed} | {condition for condition, _ in under}):
            if all(values.condition(condition) == holds for condition, holds in under) and not values.condition(needed):
                yield f"{name} refers to {target}, which is not there with {values.given}"
                return

    def combinations(self, conditions):
        names = self.decided_by(conditions)
        standard = sam.defaults(self.template)
        for chosen in itertools.product(*({standard[name], parameters.OTHERS[name][name]} for name in names)):
            given = dict(zip(names, chosen))
            values = Values(self.template, {**standard, **given})
            if not values.refusals():
                values.given = given
                self.tried += 1
                yield values


def main():
    template = sam.read()
    dangling, tried, ends, translated = set(), 0, 0, 0
    # The translator reads some values, and so makes different templates of this one.
    for values in [{}, *parameters.OTHERS.values()]:
        one = Template({**sam.translate(template, values), "Rules": template.get("Rules", {})})
        dangling |= set(one.checked())
        tried, ends, translated = tried + one.tried, max(ends, one.ends), translated + 1
    for one in sorted(dangling):
        print(one)
    print(f"references: {translated} translations, {ends} references to what may be absent, {tried} combinations of parameters")
    sys.exit(bool(dangling))


if __name__ == "__main__":
    main()
