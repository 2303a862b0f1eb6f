"""Another value for each parameter, one that the template allows, and what it needs beside it."""

TOPIC = "arn:aws:sns:us-east-1:123456789012:alarms"
DOMAIN = {
    "DomainName": "auth.shop.example",
    "CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/4c8b5d5e-0000-4000-8000-000000000001",
}

# By parameter: its value, and others that have to come with it.
OTHERS = {
    "TokenIssuer": {"TokenIssuer": "https://auth.shop.example"},
    "TokenAudience": {"TokenAudience": "orders"},
    "CorsOrigins": {"CorsOrigins": "https://shop.example,http://localhost:5173"},
    "CorsHeaders": {"CorsHeaders": "authorization,content-type,traceparent", "CorsOrigins": "https://shop.example"},
    "DomainName": DOMAIN,
    "CertificateArn": {**DOMAIN, "CertificateArn": DOMAIN["CertificateArn"][:-1] + "2"},
    "HostedZoneId": {**DOMAIN, "HostedZoneId": "Z0123456789ABCDEFGHIJ"},
    "BasePath": {**DOMAIN, "BasePath": "v1/auth"},
    "ExecuteApiEndpoint": {**DOMAIN, "ExecuteApiEndpoint": "false"},
    "ProxySecretArn": {"ProxySecretArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:proxy-AbCdEf"},
    "ProxyAddressHeader": {"ProxyAddressHeader": "x-real-ip"},
    "ReservedConcurrency": {"ReservedConcurrency": "7"},
    "RequestsPerSecond": {"RequestsPerSecond": "1000"},
    "HashingRequestsPerSecond": {"HashingRequestsPerSecond": "6"},
    "LogLevel": {"LogLevel": "debug"},
    "LogRetentionDays": {"LogRetentionDays": "365"},
    "Tracing": {"Tracing": "Active"},
    "LogSourceAddresses": {"LogSourceAddresses": "plain"},
    "Metrics": {"Metrics": "false"},
    "Dashboard": {"Dashboard": "false"},
    "AlarmTopic": {"AlarmTopic": TOPIC},
    "FailedLoginsAlarmThreshold": {"FailedLoginsAlarmThreshold": "35", "AlarmTopic": TOPIC},
    "ServiceWords": {"ServiceWords": "pyshop,shop"},
    "BreachedPasswordsUrl": {"BreachedPasswordsUrl": "https://breached.shop.example/range/"},
    "Docs": {"Docs": "true"},
    "TrustedRoots": {"TrustedRoots": "system"},
    "DeploymentPreference": {"DeploymentPreference": "Canary10Percent5Minutes", "AlarmTopic": TOPIC},
    "PermissionsBoundary": {"PermissionsBoundary": "arn:aws:iam::123456789012:policy/boundary"},
    "TablesKeyArn": {"TablesKeyArn": "arn:aws:kms:us-east-1:123456789012:key/4c8b5d5e-0000-4000-8000-000000000003"},
    "SubnetIds": {"SubnetIds": "subnet-0a1b2c3d,subnet-4e5f6071", "SecurityGroupIds": "sg-0a1b2c3d"},
    "SecurityGroupIds": {"SubnetIds": "subnet-0a1b2c3d", "SecurityGroupIds": "sg-0a1b2c3d,sg-4e5f6071"},
    "Authorizer": {"Authorizer": "token"},
    "AuthorizerApi": {"AuthorizerApi": "*", "Authorizer": "user"},
    "Restart": {"Restart": "2026-11-25"},
}

# Values that no rule or pattern of the template may let through.
REFUSED = [
    {"AlarmTopic": TOPIC, "Metrics": "false"},
    {"AuthorizerApi": "*"},
    {"AuthorizerApi": "*/authorizers", "Authorizer": "user"},
    {"Authorizer": "users"},
    {"DeploymentPreference": "Linear10PercentEvery1Minute"},
    {"DomainName": DOMAIN["DomainName"]},
    {"CertificateArn": DOMAIN["CertificateArn"]},
    {"HostedZoneId": "Z0123456789ABCDEFGHIJ"},
    {"BasePath": "auth"},
    {"ExecuteApiEndpoint": "false"},
    {"SubnetIds": "subnet-0a1b2c3d"},
    {"SecurityGroupIds": "sg-0a1b2c3d"},
    {"ProxySecretArn": "a-secret-and-not-its-arn-0123456789"},
    {"ProxyAddressHeader": "x-forwarded-for"},
    {"ReservedConcurrency": "none"},
    {"ReservedConcurrency": "0"},
    {"CorsOrigins": "*"},
    {"CorsOrigins": "https://shop.example,*"},
    {"RequestsPerSecond": "7"},
    {"BreachedPasswordsUrl": "http://breached.shop.example/range/"},
]


def all_together():
    """Every parameter at another value than its default, as far as the rules let them together."""
    together = {}
    for values in OTHERS.values():
        together |= values
    return {**together, "Metrics": "true"}
