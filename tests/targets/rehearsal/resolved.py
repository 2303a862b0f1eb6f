"""Writes templates for cfn-lint that have values where ours has parameters: translated, with all at the default and with none."""

import json
import pathlib
import sys

import parameters
import sam
from conditions import Values


def main(folder):
    template = sam.read()
    for name, values in (("defaults", {}), ("others", parameters.all_together())):
        values = {**sam.defaults(template), **values}
        refused = Values(template, values).refusals()
        if refused:
            sys.exit(f"the template does not allow {values}: {refused}")
        one = Values(sam.translate(template, values), values).present()
        for section in ("Parameters", "Conditions"):
            one.pop(section, None)
        (pathlib.Path(folder) / f"{name}.json").write_text(json.dumps(one, indent=2))


main(sys.argv[1])
