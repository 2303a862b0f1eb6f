//! The SDK's settings for services that are perhaps not at AWS.

use std::env;

use aws_config::{ConfigLoader, Region, meta::region::RegionProviderChain};
use aws_sdk_dynamodb::config::Credentials;
use shared::runtime::aws;

/// The SDK's settings for a service on this machine, which does not check who calls, so that no setting that is incomplete or
/// wrong is in the way. DynamoDB Local may keep tables apart by access key and region: those of these variables are taken where
/// they are complete, and placeholders otherwise. No file is read, and no other service is asked.
pub fn local(variable: impl Fn(&str) -> Option<String>) -> ConfigLoader {
    let variable = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
    let keys = variable("AWS_ACCESS_KEY_ID").zip(variable("AWS_SECRET_ACCESS_KEY"));
    let (id, secret) = keys.unwrap_or_else(|| ("local".into(), "local".into()));
    let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
    aws::anywhere()
        .credentials_provider(Credentials::new(id, secret, None, None, "local"))
        .region(Region::new(region.unwrap_or_else(|| DEFAULT_REGION.into())))
        // A URL of its own goes with neither.
        .use_fips(false)
        .use_dual_stack(false)
}

/// The SDK's settings elsewhere: the environment's, or placeholders where it has none.
pub fn environment_or_placeholders() -> ConfigLoader {
    let loader = aws::anywhere();
    let has_credentials = ["AWS_ACCESS_KEY_ID", "AWS_PROFILE"].iter().any(|name| env::var_os(name).is_some());
    if has_credentials {
        return loader.region(RegionProviderChain::default_provider().or_else(Region::from_static(DEFAULT_REGION)));
    }
    let placeholders = Credentials::new("local", "local", None, None, "placeholder");
    loader.credentials_provider(placeholders).region(Region::from_static(DEFAULT_REGION))
}

/// The region where none is set.
const DEFAULT_REGION: &str = "us-east-1";

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::config::ProvideCredentials;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::nothing(&[], "local", "us-east-1")]
    #[case::both_keys(&[("AWS_ACCESS_KEY_ID", "wombat"), ("AWS_SECRET_ACCESS_KEY", "quokka")], "wombat", "us-east-1")]
    #[case::no_secret_key(&[("AWS_ACCESS_KEY_ID", "wombat")], "local", "us-east-1")]
    #[case::an_empty_one(&[("AWS_ACCESS_KEY_ID", "wombat"), ("AWS_SECRET_ACCESS_KEY", " ")], "local", "us-east-1")]
    #[case::a_region_alone(&[("AWS_REGION", "eu-north-1"), ("AWS_DEFAULT_REGION", "sa-east-1")], "local", "eu-north-1")]
    #[case::an_empty_region(&[("AWS_REGION", ""), ("AWS_DEFAULT_REGION", "sa-east-1")], "local", "sa-east-1")]
    #[tokio::test]
    async fn a_local_dynamodb_gets_the_environments_keys_where_they_are_complete(
        #[case] variables: &[(&str, &str)],
        #[case] access_key_id: &str,
        #[case] region: &str,
    ) {
        let variable = |name: &str| Some(variables.iter().find(|(other, _)| *other == name)?.1.to_owned());
        let settings = local(variable).load().await;
        let credentials = settings.credentials_provider().unwrap().provide_credentials().await.unwrap();
        assert_eq!(credentials.access_key_id(), access_key_id);
        assert_eq!(settings.region().unwrap().as_ref(), region);
    }
}
