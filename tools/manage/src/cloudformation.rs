//! What CloudFormation knows of a stack.

use aws_config::SdkConfig;
use aws_sdk_cloudformation::{
    error::ProvideErrorMetadata,
    types::{Output, Parameter},
};
use shared::error::describe_sdk_error;

use crate::{Failure, Result};

/// A deployed stack.
#[derive(Debug)]
pub(crate) struct DeployedStack {
    name: String,
    outputs: Vec<Output>,
    parameters: Vec<Parameter>,
}

impl DeployedStack {
    /// The stack with this name.
    ///
    /// # Errors
    /// There is none, or CloudFormation does not answer.
    pub(crate) async fn find(sdk: &SdkConfig, name: String) -> Result<Self> {
        let region = sdk.region().map(ToString::to_string).unwrap_or_default();
        let not_found =
            || Failure::new(format!("stack not found: {name} in {region}"), "pass --region to look in another region");
        let request = aws_sdk_cloudformation::Client::new(sdk).describe_stacks().stack_name(&name);
        let answer = request.send().await.map_err(|error| match (error.code(), error.message()) {
            (Some("ValidationError"), _) => not_found(),
            (_, Some(_)) => format!("CloudFormation: {}", describe_sdk_error(&error)).into(),
            _ => format!("no answer from CloudFormation in {region}: {}", describe_sdk_error(&error)).into(),
        })?;
        let stack = answer.stacks.unwrap_or_default().into_iter().next().ok_or_else(not_found)?;
        let (outputs, parameters) = (stack.outputs.unwrap_or_default(), stack.parameters.unwrap_or_default());
        Ok(Self { name, outputs, parameters })
    }

    /// The value of an output.
    ///
    /// # Errors
    /// The stack has no such output, as a stack of another service, or of an older version of this one.
    pub(crate) fn output(&self, name: &str) -> std::result::Result<String, Failure> {
        let output = self.outputs.iter().find(|output| output.output_key() == Some(name));
        let value = output.and_then(Output::output_value).map(str::to_owned);
        value.ok_or_else(|| {
            let message = format!("stack {} has no output {name}", self.name);
            Failure::new(message, "check that it is a stack of this service")
        })
    }

    /// The value of a parameter, which stacks of older versions may lack.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let parameter = self.parameters.iter().find(|parameter| parameter.parameter_key() == Some(name));
        parameter.and_then(Parameter::parameter_value)
    }
}
