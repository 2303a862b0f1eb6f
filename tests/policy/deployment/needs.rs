//! The permissions that CloudFormation needs for each resource type of the template.

/// The actions with which CloudFormation creates, reads, updates and deletes resources of each type: those that the handlers in
/// the type's schema name, for the properties that the template uses
/// (<https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html>).
/// SAM adds versions, aliases, permissions and deployments to a function, and a stage with an access log to an API
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html>).
pub(super) const NEEDS: [(&str, &str); 18] = [
    ("AWS::ApiGatewayV2::ApiMapping", "apigateway: DELETE GET PATCH POST PUT"),
    (
        "AWS::ApiGatewayV2::DomainName",
        "apigateway: DELETE GET PATCH POST PUT TagResource; \
         iam: CreateServiceLinkedRole",
    ),
    (
        "AWS::AppConfig::Application",
        "appconfig: CreateApplication DeleteApplication GetApplication ListTagsForResource TagResource \
         UntagResource UpdateApplication",
    ),
    (
        "AWS::AppConfig::ConfigurationProfile",
        "appconfig: CreateConfigurationProfile DeleteConfigurationProfile GetConfigurationProfile \
         ListTagsForResource TagResource UntagResource UpdateConfigurationProfile",
    ),
    (
        "AWS::AppConfig::HostedConfigurationVersion",
        "appconfig: CreateHostedConfigurationVersion DeleteHostedConfigurationVersion GetHostedConfigurationVersion",
    ),
    (
        "AWS::CloudWatch::Alarm",
        "cloudwatch: DeleteAlarms DescribeAlarms ListTagsForResource PutMetricAlarm TagResource UntagResource",
    ),
    ("AWS::CloudWatch::Dashboard", "cloudwatch: DeleteDashboards GetDashboard PutDashboard"),
    (
        "AWS::DynamoDB::Table",
        "dynamodb: CreateTable DeleteTable DescribeContinuousBackups DescribeContributorInsights \
         DescribeKinesisStreamingDestination DescribeTable DescribeTimeToLive GetResourcePolicy ListTagsOfResource \
         TagResource UntagResource UpdateContinuousBackups UpdateTable UpdateTimeToLive; \
         kms: CreateGrant Decrypt DescribeKey Encrypt ListAliases RevokeGrant",
    ),
    (
        "AWS::IAM::ManagedPolicy",
        "iam: AttachRolePolicy CreatePolicy CreatePolicyVersion DeletePolicy DeletePolicyVersion DetachRolePolicy \
         GetPolicy GetPolicyVersion ListEntitiesForPolicy ListPolicyVersions TagPolicy UntagPolicy",
    ),
    (
        "AWS::IAM::Role",
        "iam: AttachRolePolicy CreateRole DeleteRole DeleteRolePermissionsBoundary DeleteRolePolicy \
         DetachRolePolicy GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies \
         PutRolePermissionsBoundary PutRolePolicy TagRole UntagRole UpdateAssumeRolePolicy UpdateRole \
         UpdateRoleDescription",
    ),
    ("AWS::Lambda::Permission", "lambda: AddPermission GetPolicy RemovePermission"),
    (
        "AWS::Logs::LogGroup",
        "logs: CreateLogGroup DeleteLogGroup DeleteRetentionPolicy DescribeIndexPolicies DescribeLogGroups \
         GetDataProtectionPolicy ListTagsForResource PutRetentionPolicy TagResource UntagResource",
    ),
    ("AWS::Logs::MetricFilter", "logs: DeleteMetricFilter DescribeMetricFilters PutMetricFilter"),
    ("AWS::Logs::QueryDefinition", "logs: DeleteQueryDefinition DescribeQueryDefinitions PutQueryDefinition"),
    (
        "AWS::Route53::RecordSet",
        "route53: ChangeResourceRecordSets GetChange GetHostedZone ListHostedZones ListResourceRecordSets",
    ),
    (
        "AWS::SecretsManager::Secret",
        "secretsmanager: CreateSecret DeleteSecret DescribeSecret GetRandomPassword GetSecretValue TagResource \
         UntagResource UpdateSecret",
    ),
    (
        "AWS::Serverless::Function",
        "lambda: AddPermission CreateAlias CreateFunction DeleteAlias DeleteFunction DeleteFunctionConcurrency \
         GetAlias GetFunction GetFunctionCodeSigningConfig GetFunctionConfiguration GetFunctionRecursionConfig \
         GetFunctionScalingConfig GetPolicy GetProvisionedConcurrencyConfig GetRuntimeManagementConfig ListTags \
         ListVersionsByFunction PublishVersion PutFunctionConcurrency RemovePermission TagResource UntagResource \
         UpdateAlias UpdateFunctionCode UpdateFunctionConfiguration; \
         codedeploy: CreateApplication CreateDeployment CreateDeploymentGroup DeleteApplication \
         DeleteDeploymentGroup GetApplication GetApplicationRevision GetDeployment GetDeploymentConfig \
         GetDeploymentGroup ListTagsForResource RegisterApplicationRevision StopDeployment TagResource \
         UntagResource UpdateApplication UpdateDeploymentGroup; \
         ec2: DescribeNetworkInterfaces DescribeSecurityGroups DescribeSubnets DescribeVpcs; \
         iam: PassRole; \
         s3: GetObject GetObjectVersion; \
         cloudformation: CreateChangeSet",
    ),
    (
        "AWS::Serverless::HttpApi",
        "apigateway: DELETE GET PATCH POST PUT TagResource; \
         iam: CreateServiceLinkedRole; \
         logs: CreateLogDelivery DeleteLogDelivery DescribeLogGroups DescribeResourcePolicies GetLogDelivery \
         ListLogDeliveries PutResourcePolicy UpdateLogDelivery",
    ),
];
