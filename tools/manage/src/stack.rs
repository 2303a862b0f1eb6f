//! What CloudFormation knows of a stack.

use aws_config::SdkConfig;
use aws_sdk_cloudformation::{
    error::ProvideErrorMetadata,
    types::{Output, Parameter},
};
use shared::error::describe_sdk_error;

use crate::Result;

/// A stack that there is.
#[derive(Debug)]
pub(crate) struct Stack {
    name: String,
    outputs: Vec<Output>,
    parameters: Vec<Parameter>,
}

impl Stack {
    /// The stack with this name.
    ///
    /// # Errors
    /// A line that says what is wrong: there is none, or CloudFormation does not tell.
    pub(crate) async fn find(sdk: &SdkConfig, name: String) -> Result<Self> {
        let region = sdk.region().map(ToString::to_string).unwrap_or_default();
        let none = || format!("there is no stack {name} in {region}: say --region for another");
        let request = aws_sdk_cloudformation::Client::new(sdk).describe_stacks().stack_name(&name);
        let answer = request.send().await.map_err(|error| match (error.code(), error.message()) {
            (Some("ValidationError"), _) => none(),
            (_, Some(_)) => format!("CloudFormation: {}", describe_sdk_error(&error)),
            _ => format!("CloudFormation does not answer in {region}: {}", describe_sdk_error(&error)),
        })?;
        let stack = answer.stacks.unwrap_or_default().into_iter().next().ok_or_else(none)?;
        let (outputs, parameters) = (stack.outputs.unwrap_or_default(), stack.parameters.unwrap_or_default());
        Ok(Self { name, outputs, parameters })
    }

    /// The value of an output.
    ///
    /// # Errors
    /// A line that says that the stack has none of that name.
    pub(crate) fn output(&self, name: &str) -> std::result::Result<String, String> {
        let output = self.outputs.iter().find(|output| output.output_key() == Some(name));
        let value = output.and_then(Output::output_value).map(str::to_owned);
        value.ok_or_else(|| format!("the stack {} has no output {name}: is it this service?", self.name))
    }

    /// The value of a parameter, which stacks from before may not have.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let parameter = self.parameters.iter().find(|parameter| parameter.parameter_key() == Some(name));
        parameter.and_then(Parameter::parameter_value)
    }
}
