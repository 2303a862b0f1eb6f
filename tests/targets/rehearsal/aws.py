"""What the rehearsal asks moto, through the AWS SDK."""

import functools

import boto3
from botocore.exceptions import ClientError

STACK = "pyshop-auth"
client = functools.cache(boto3.client)


def status(stack=STACK):
    """None when there is no such stack."""
    try:
        return client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    except ClientError:
        return None


def outputs(stack=STACK):
    described = client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    return {one["OutputKey"]: one["OutputValue"] for one in described.get("Outputs", [])}


def resources(stack=STACK):
    """Type by logical name, of what moto made."""
    listed = client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
    return {one["LogicalResourceId"]: one["ResourceType"] for one in listed}


def tables():
    return set(client("dynamodb").list_tables()["TableNames"])


def log_groups():
    return {one["logGroupName"] for one in client("logs").describe_log_groups()["logGroups"]}


def functions():
    return {one["FunctionName"] for one in client("lambda").list_functions()["Functions"]}


def roles():
    return {one["RoleName"] for one in client("iam").list_roles()["Roles"]}


def policies():
    return {one["PolicyName"] for one in client("iam").list_policies(Scope="Local")["Policies"]}


def all_there():
    """Everything that costs something or stands in the way of another try."""
    return {
        "tables": tables(),
        "log groups": log_groups(),
        "functions": functions(),
        "roles": roles(),
        "policies": policies(),
        "dashboards": {one["DashboardName"] for one in client("cloudwatch").list_dashboards()["DashboardEntries"]},
    }


def discard(table):
    client("dynamodb").update_table(TableName=table, DeletionProtectionEnabled=False)
    client("dynamodb").delete_table(TableName=table)


def bucket():
    """The one that sam makes for itself."""
    [one] = client("s3").list_buckets()["Buckets"]
    return one["Name"]


def uploaded_template():
    """What `sam deploy` handed to CloudFormation: the template, with the functions' code in the bucket."""
    keys = [one["Key"] for one in client("s3").list_objects_v2(Bucket=bucket())["Contents"]]
    [key] = [key for key in keys if key.endswith(".template")]
    return client("s3").get_object(Bucket=bucket(), Key=key)["Body"].read().decode()


def upload(text):
    """A template is longer than a call to CloudFormation may be."""
    client("s3").put_object(Bucket=bucket(), Key="update.template", Body=text.encode())
    return f"https://{bucket()}.s3.amazonaws.com/update.template"


def hosted_zone(domain):
    made = client("route53").create_hosted_zone(Name=domain, CallerReference=domain)
    return made["HostedZone"]["Id"].rsplit("/", 1)[-1]


def wipe(stack):
    """The stack, and what it keeps."""
    names = set(outputs(stack).values())
    client("cloudformation").delete_stack(StackName=stack)
    for table in tables() & names:
        discard(table)
    for group in log_groups() & names:
        client("logs").delete_log_group(logGroupName=group)
