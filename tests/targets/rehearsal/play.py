"""Plays the stack's life against moto: what a deployer does and what an operator may change. See deploy-rehearsal."""

import collections
import pathlib
import re
import shutil
import subprocess
import sys

from samcli.yamlhelper import yaml_dump

import aws
import dialogue
import parameters
import replaced
import sam
import standins
from conditions import Values

PROJECT = pathlib.Path.cwd()
not_played = []


def say(text):
    print(text, flush=True)


def check(holds, otherwise):
    if not holds:
        sys.exit(f"FAILED: {otherwise}")


def title(text):
    say(f"\n-- {text}")


def run(*command, folder, code=0):
    """The output of a command that has to end with `code`."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    text = done.stdout + done.stderr
    check(done.returncode == code, f"{' '.join(command)} ended with {done.returncode}, not {code}:\n{text}")
    return text


def copy_of_the_project(scratch):
    """The dialogue writes into samconfig.toml, so it gets a copy. The functions are those of `sam build`, if they are up to date."""
    folder = pathlib.Path(scratch) / "project"
    build = folder / ".aws-sam" / "build"
    folder.mkdir()
    for name in ("template.yaml", "samconfig.toml"):
        shutil.copy(PROJECT / name, folder)
    built = PROJECT / ".aws-sam" / "build"
    made = built / "template.yaml"
    if made.exists() and made.stat().st_mtime >= (PROJECT / "template.yaml").stat().st_mtime:
        say("functions: those that sam build made")
        shutil.copytree(built, build)
        return folder
    say("functions: STAND-INS of one line each, since .aws-sam/build is missing or older than the template")
    not_played.append("sam build: stand-ins for the functions were deployed, and the workspace was not compiled")
    template = sam.read(PROJECT / "template.yaml")
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = name
            (build / name).mkdir(parents=True)
            (build / name / "bootstrap").write_text(f"#!/bin/sh\n# {name}\n")
    (build / "template.yaml").write_text(yaml_dump(template))
    return folder


def guided(folder):
    title("sam deploy --guided, with Enter at every question")
    before = (folder / "samconfig.toml").read_text().splitlines()
    played = dialogue.play(["sam", "deploy", "--guided"], folder)
    say(f"{len(played.questions)} questions: {' | '.join(played.questions)}")
    check(not played.stuck, f"the dialogue goes no further: Enter is no answer to {played.questions[-1:]}")
    check(played.code == 0, f"the dialogue ended with {played.code}:\n{played.text[-3000:]}")
    check("no authentication" not in played.text, "the dialogue asks whether a function without authorization is okay")
    check(aws.status() == "CREATE_COMPLETE", f"after the dialogue the stack is {aws.status()}:\n{played.text[-1000:]}")
    asked = set(re.findall(r"Parameter (\w+)", " ".join(played.questions)))
    check(asked == set(TEMPLATE["Parameters"]), f"asked for {asked}")

    # Lines of its own between ours, but none between a comment and what it is about.
    after = (folder / "samconfig.toml").read_text().splitlines()
    rest = iter(after)
    check(all(line in rest for line in before), "samconfig.toml lost or moved a line:\n" + "\n".join(after))
    added = list((collections.Counter(after) - collections.Counter(before)).keys())
    check(not any(line.startswith("#") for line in added), f"a comment came in: {added}")
    for line in before:
        if line.startswith("#"):
            check(beside(before, line) == beside(after, line), f"samconfig.toml: the comment stands elsewhere: {line}")
    say(f"samconfig.toml: {len(added)} lines came in, nothing was moved: {', '.join(line.split(' = ')[0] for line in added if line)}")


def beside(lines, line):
    at = lines.index(line)
    return lines[at - 1 : at + 2]


def created(packaged):
    """Compares what is there with what the translator made of the template."""
    title("What was created")
    expected = translated(packaged, sam.defaults(packaged))
    kinds, made = kinds_of(expected), aws.resources()
    check(made == kinds, f"there and not in the template, or the reverse: {set(made) ^ set(kinds)}")
    say(f"{len(made)} resources, of which moto made {sum(not standins.stands_in_for(kind) for kind in kinds.values())}")
    everything = {**sam.defaults(packaged), **parameters.all_together()}
    unmade = {kind for kind in kinds_of(translated(packaged, everything)).values() if standins.stands_in_for(kind)}
    not_played.append(f"moto does not make these types, so stand-ins took any properties: {', '.join(sorted(unmade))}")
    check(len(aws.functions()) == list(kinds.values()).count("AWS::Lambda::Function"), "functions are missing")
    missing = set(expected["Outputs"]) - set(aws.outputs())
    check(not missing, f"outputs are missing: {missing}")


def updated(packaged):
    title("Each parameter, changed by an update")
    unknown = set(TEMPLATE["Parameters"]) ^ set(parameters.OTHERS)
    check(not unknown, f"not in the template, or without a value in tests/targets/rehearsal/parameters.py: {unknown}")
    zone = aws.hosted_zone("shop.example.")
    parameters.OTHERS["HostedZoneId"]["HostedZoneId"] = zone
    for name in TEMPLATE["Parameters"]:
        before, after = neighbours(name)
        update(packaged, before)
        update(packaged, after)
        templates = translated(packaged, before), translated(packaged, after)
        made, expected = aws.resources(), kinds_of(templates[1])
        check(made == expected, f"{name}: {set(made) ^ set(expected)} are there and should not be, or the reverse")
        change = replaced.Update(*templates)
        check(change.told(), f"{name}: another value changes nothing in the template")
        check(not change.lost(), f"{name}: an update takes {change.lost()} away, with what is in them")
        check(not change.stale(), f"{name}: another value never reaches the version that is called of {change.stale()}")
        say(f"{name}: {change.told()}")
    standard = sam.defaults(TEMPLATE)
    update(packaged, standard)
    for values in parameters.REFUSED:
        check(refusal(packaged, {**standard, **values}), f"{values} should be refused")
    say(f"{len(parameters.REFUSED)} updates that a rule or a pattern of the template forbids were refused")
    not_played.append("moto knows neither Rules nor AllowedPattern: conditions.py evaluated them, as their documentation says")


def neighbours(name):
    """All values before and after this parameter alone changes, beside those that it cannot be without."""
    standard, others = sam.defaults(TEMPLATE), parameters.OTHERS[name]
    after = {**standard, **others}
    beside = [other for other in others if other != name]
    # At its default if that may be, else at the value that it has where a neighbour changes.
    candidates = [{**after, name: standard[name]}] + [{**standard, **parameters.OTHERS[other]} for other in beside]
    for before in candidates:
        if before[name] != after[name] and not Values(TEMPLATE, before).refusals():
            return before, after
    return standard, after


def translated(template, values):
    return Values(sam.translate(template, values), values).present()


def kinds_of(template):
    return {name: one["Type"] for name, one in template["Resources"].items()}


def update(template, values):
    aws.client("cloudformation").update_stack(
        StackName=aws.STACK, TemplateURL=aws.upload(yaml_dump(template)), Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()])
    check(aws.status() == "UPDATE_COMPLETE", f"the update to {values} ended in {aws.status()}")


def refusal(template, values):
    try:
        update(template, values)
    except aws.ClientError as error:
        return str(error)
    return None


def delete(folder):
    run("sam", "delete", "--no-prompts", "--stack-name", aws.STACK, "--region", "us-east-1", folder=folder)


def deleted(folder):
    title("sam delete, and the same name again")
    tables, logs, before = aws.tables(), aws.log_groups(), aws.all_there()
    check(len(tables) == 3, f"tables: {tables}")
    delete(folder)
    check(aws.status() is None, f"after the deletion the stack is {aws.status()}")
    left = {kind: names for kind, names in aws.all_there().items() if names}
    check(left == {"tables": tables, "log groups": logs}, f"left, of {before}: {left}")
    say(f"kept, with what is in them: {', '.join(sorted(tables | logs))}")
    run("sam", "deploy", "--no-confirm-changeset", folder=folder)
    check(aws.status() == "CREATE_COMPLETE", f"the second creation ended in {aws.status()}")
    new = aws.tables() - tables, aws.log_groups() - logs
    check(len(new[0]) == 3 and len(new[1]) == 2, f"the second stack shares tables or logs with the first: {new}")
    say("the second stack of that name has tables and logs of its own")
    aws.wipe(aws.STACK)


def failed(folder):
    title("A first creation that fails")
    build = folder / ".aws-sam" / "build" / "template.yaml"
    good = build.read_text()
    template = sam.read_text(good)
    # The last resource is one that cannot be made: a log group whose name is taken.
    taken = "/aws/taken-by-somebody-else"
    aws.client("logs").create_log_group(logGroupName=taken)
    template["Resources"]["Taken"] = {
        "Type": "AWS::Logs::LogGroup",
        "DependsOn": [name for name, one in template["Resources"].items() if "Condition" not in one],
        "Properties": {"LogGroupName": taken},
    }
    build.write_text(yaml_dump(template))
    before = aws.all_there()
    text = run("sam", "deploy", "--no-confirm-changeset", folder=folder, code=1)
    check("already exists" in text, f"it failed for another reason:\n{text}")
    rest = {kind: new for kind, names in aws.all_there().items() if (new := names - before[kind])}
    protected = rest.get("tables", set())
    if protected:
        declared = [one for one in TEMPLATE["Resources"].values() if one["Type"] == "AWS::DynamoDB::Table"]
        check(all(one["Properties"].get("DeletionProtectionEnabled") for one in declared), "tables stay without protection")
        check(aws.status() == "ROLLBACK_FAILED", f"the stack is {aws.status()}")
        check(rest == {"tables": protected}, f"the rollback left {rest}")
        say(f"rolled back; deletion protection keeps {len(protected)} empty tables, and the stack is {aws.status()}")
    else:
        check(aws.status() == "ROLLBACK_COMPLETE", f"the stack is {aws.status()}")
        check(not rest, f"the rollback left {rest}")
        say("rolled back: nothing is left")
    delete(folder)
    for table in protected:
        aws.discard(table)
    check(aws.all_there() == before, f"sam delete left {aws.all_there()}")
    build.write_text(good)
    run("sam", "deploy", "--no-confirm-changeset", folder=folder)
    check(aws.status() == "CREATE_COMPLETE", f"the second try ended in {aws.status()}")
    say("after sam delete, the second try under the same name succeeds")
    not_played.append("moto does not roll back, so server.py did, in the reverse order and by DeletionPolicy, as documented")


def staged(folder):
    title("A second stage beside the first")
    first = aws.tables()
    stage = f"{aws.STACK}-staging"
    run("sam", "deploy", "--config-env", "staging", folder=folder)
    check(aws.status(stage) == "CREATE_COMPLETE", "the stage is not there")
    check(len(aws.tables() - first) == 3, "the stage shares tables with the first")
    say(f"{stage}, by samconfig.toml's [staging], has tables of its own")
    aws.wipe(stage)
    check(aws.tables() == first, "the first stack's tables went with the stage")


def main(scratch):
    global TEMPLATE
    TEMPLATE = sam.read(PROJECT / "template.yaml")
    folder = copy_of_the_project(scratch)
    guided(folder)
    packaged = sam.read_text(aws.uploaded_template())
    created(packaged)
    updated(packaged)
    staged(folder)
    deleted(folder)
    failed(folder)
    title("What could not be played here")
    for one in not_played:
        say(f"- {one}")
    say("- what a real account refuses beyond the template: its quotas, names, permissions and time")


main(sys.argv[1])
