//! A template as CloudFormation reads it once its parameters have values
//! (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html>).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{plain, text};
use crate::TEMPLATE;

/// The region and the account in ARNs.
const PLACE: &str = "eu-central-1:123456789012";

/// A stack: a template, and the values of its parameters.
pub(crate) struct Stack {
    pub(super) template: Value,
    name: String,
    parameters: BTreeMap<String, String>,
}

impl Stack {
    /// The stack of `template.yaml` with these parameters, and defaults for all others.
    pub(crate) fn new(parameters: &[(&str, &str)]) -> Self {
        Self::of(TEMPLATE, parameters)
    }

    /// The stack of any template, with these parameters.
    pub(super) fn of(template: &str, parameters: &[(&str, &str)]) -> Self {
        let template = plain(&serde_norway::from_str(template).unwrap());
        let declared = template["Parameters"].as_object().cloned().unwrap_or_default();
        let mut values: BTreeMap<_, _> = declared
            .iter()
            .filter_map(|(name, parameter)| Some((name.clone(), text(parameter.get("Default")?))))
            .collect();
        for (name, value) in parameters {
            assert!(declared.contains_key(*name), "there is no parameter {name}");
            values.insert((*name).to_owned(), (*value).to_owned());
        }
        Self { template, name: "pyshop-auth".into(), parameters: values }
    }

    /// Gives the stack another name.
    pub(super) fn named(self, name: &str) -> Self {
        Self { name: name.into(), ..self }
    }

    /// The resources of a type whose conditions hold, with their logical names and properties.
    pub(super) fn resources(&self, kind: &str) -> Vec<(String, Value)> {
        let all = self.template["Resources"].as_object().unwrap().iter();
        let there = all.filter(|(_, resource)| resource["Type"] == kind && self.is_there(resource));
        there.map(|(name, resource)| (name.clone(), self.value(&resource["Properties"]))).collect()
    }

    /// The properties of a resource, or `None` if its condition does not hold.
    pub(super) fn properties(&self, name: &str) -> Option<Value> {
        let resource = &self.template["Resources"][name];
        assert!(resource.is_object(), "there is no {name}");
        self.is_there(resource).then(|| self.value(&resource["Properties"]))
    }

    fn is_there(&self, resource: &Value) -> bool {
        resource.get("Condition").is_none_or(|condition| self.condition(&text(condition)))
    }

    pub(super) fn kind(&self, name: &str) -> &str {
        self.template["Resources"][name]["Type"].as_str().unwrap_or_default()
    }

    /// Evaluates a value of the template; null if it is `AWS::NoValue`.
    pub(super) fn value(&self, value: &Value) -> Value {
        match value {
            Value::Object(members) => match call(members) {
                Some((function, argument)) => self.call(function, argument),
                None => {
                    let members = members.iter().map(|(name, member)| (name.clone(), self.value(member)));
                    members.filter(|(_, member)| !member.is_null()).collect::<Map<_, _>>().into()
                }
            },
            Value::Array(members) => {
                members.iter().map(|member| self.value(member)).filter(|member| !member.is_null()).collect()
            }
            value => value.clone(),
        }
    }

    fn call(&self, function: &str, argument: &Value) -> Value {
        let arguments = || argument.as_array().unwrap().iter().map(|argument| self.value(argument)).collect::<Vec<_>>();
        match function {
            "Ref" => self.reference(&text(argument)),
            "Fn::GetAtt" => self.attribute(&text(argument)).into(),
            "Fn::Sub" => self.substituted(argument).into(),
            "Fn::If" => self.value(&argument[if self.condition(&text(&argument[0])) { 1 } else { 2 }]),
            "Fn::FindInMap" => {
                let path: Vec<_> = arguments().iter().map(text).collect();
                let found = &self.template["Mappings"][&path[0]][&path[1]][&path[2]];
                assert!(!found.is_null(), "no mapping has {path:?}");
                found.clone()
            }
            "Fn::Join" => {
                let arguments = arguments();
                let members: Vec<_> = arguments[1].as_array().unwrap().iter().map(text).collect();
                members.join(&text(&arguments[0])).into()
            }
            "Fn::Split" => {
                let [separator, whole] = [0, 1].map(|index| text(&arguments()[index]));
                whole.split(&separator).collect()
            }
            "Fn::Select" => {
                let arguments = arguments();
                let index: usize = text(&arguments[0]).parse().unwrap();
                arguments[1][index].clone()
            }
            _ => panic!("{function} is not supported here"),
        }
    }

    /// Whether a condition of the template holds.
    pub(super) fn condition(&self, name: &str) -> bool {
        let condition = &self.template["Conditions"][name];
        assert!(!condition.is_null(), "there is no condition {name}");
        self.holds(condition)
    }

    /// Whether an expression of a condition or of a rule holds.
    pub(super) fn holds(&self, expression: &Value) -> bool {
        let (function, argument) = expression.as_object().and_then(call).unwrap();
        let arguments = || argument.as_array().unwrap().iter();
        match function {
            "Condition" => self.condition(&text(argument)),
            "Fn::And" => arguments().all(|argument| self.holds(argument)),
            "Fn::Or" => arguments().any(|argument| self.holds(argument)),
            "Fn::Not" => !self.holds(&argument[0]),
            "Fn::Equals" => text(&self.value(&argument[0])) == text(&self.value(&argument[1])),
            "Fn::Contains" => {
                let wanted = text(&self.value(&argument[1]));
                self.value(&argument[0]).as_array().unwrap().iter().any(|member| text(member) == wanted)
            }
            _ => panic!("{function} is not supported here"),
        }
    }

    /// A parameter, which is a string or a list of strings, even if its type is Number
    /// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html>); a
    /// pseudo parameter; or a resource's name, which is its logical name here if AWS would generate one.
    fn reference(&self, name: &str) -> Value {
        if let Some(value) = self.parameters.get(name) {
            let kind = text(&self.template["Parameters"][name]["Type"]);
            let is_list = kind == "CommaDelimitedList" || kind.starts_with("List<");
            return if is_list { value.split(',').collect() } else { value.as_str().into() };
        }
        match name {
            "AWS::NoValue" => Value::Null,
            "AWS::StackName" => self.name.as_str().into(),
            "AWS::StackId" => {
                let name = &self.name;
                format!("arn:aws:cloudformation:{PLACE}:stack/{name}/51af3dc0-da77-11e4-872e-1234567db123").into()
            }
            "AWS::Region" => "eu-central-1".into(),
            "AWS::AccountId" => "123456789012".into(),
            "AWS::Partition" => "aws".into(),
            "AWS::URLSuffix" => "amazonaws.com".into(),
            name => match self.kind(name) {
                "AWS::Logs::LogGroup" => self.value(&self.template["Resources"][name]["Properties"]["LogGroupName"]),
                "AWS::IAM::ManagedPolicy" => format!("arn:aws:iam::123456789012:policy/{name}").into(),
                "AWS::SecretsManager::Secret" => format!("arn:aws:secretsmanager:{PLACE}:secret:{name}-a1b2c3").into(),
                "" if !name.contains('.') => panic!("{name} is neither a parameter nor a resource"),
                _ => name.into(),
            },
        }
    }

    /// An attribute: an ARN as IAM uses it, or otherwise the path of the attribute.
    fn attribute(&self, path: &str) -> String {
        let (name, attribute) = path.split_once('.').unwrap();
        match (self.kind(name), attribute) {
            ("", _) => panic!("there is no resource {name}"),
            ("AWS::DynamoDB::Table", "Arn") => format!("arn:aws:dynamodb:{PLACE}:table/{name}"),
            ("AWS::IAM::Role", "Arn") => format!("arn:aws:iam::123456789012:role/{name}"),
            // A log group's ARN includes all its streams.
            ("AWS::Logs::LogGroup", "Arn") => {
                format!("arn:aws:logs:{PLACE}:log-group:{}:*", text(&self.reference(name)))
            }
            _ => path.into(),
        }
    }

    fn substituted(&self, argument: &Value) -> String {
        let (pattern, variables) = match argument {
            Value::Array(arguments) => (text(&arguments[0]), arguments[1].clone()),
            pattern => (text(pattern), json!({})),
        };
        let mut parts = pattern.split("${");
        let mut result = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').unwrap();
            let value = match (name.strip_prefix('!'), variables.get(name)) {
                (Some(literal), _) => format!("${{{literal}}}"),
                (None, Some(variable)) => text(&self.value(variable)),
                (None, None) if name.contains('.') => self.attribute(name),
                (None, None) => text(&self.reference(name)),
            };
            result += &value;
            result += rest;
        }
        result
    }
}

/// The intrinsic function that is called, and its argument.
fn call(members: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (name, argument) = members.iter().next().filter(|_| members.len() == 1)?;
    let is_call = name.starts_with("Fn::") || name == "Ref" || (name == "Condition" && argument.is_string());
    is_call.then_some((name.as_str(), argument))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "
Parameters:
  Place: {Type: String, Default: here}
  Names: {Type: CommaDelimitedList, Default: 'a,b'}
  Rate: {Type: Number, Default: '20'}
Mappings:
  HalfOf: {'20': {Is: 10}}
Conditions:
  IsHere: !Equals [!Ref Place, here]
  IsElsewhere: !Not [!Condition IsHere]
Resources:
  Table: {Type: 'AWS::DynamoDB::Table'}
  Gone: {Type: 'AWS::DynamoDB::Table', Condition: IsElsewhere}
  Log:
    Type: AWS::Logs::LogGroup
    Properties:
      LogGroupName: !Sub ['/${AWS::StackName}-${End}', {End: !Select [1, !Split ['-', one-two]]}]
      Half: !FindInMap [HalfOf, !Ref Rate, Is]
      Rate: !Ref Rate
      Names: !Ref Names
      Joined: !Join ['+', !Ref Names]
      Left: [!If [IsElsewhere, a, !Ref AWS::NoValue]]
      Without: !If [IsElsewhere, a, !Ref AWS::NoValue]
      Arns: [!GetAtt Table.Arn, !GetAtt Log.Arn, !Sub '${Table.Arn}/${!x}']
";

    #[test]
    fn functions_evaluate_as_in_cloudformation() {
        let stack = Stack::of(SMALL, &[]).named("s");
        let expected = json!({
            "LogGroupName": "/s-two",
            "Half": 10,
            "Rate": "20",
            "Names": ["a", "b"],
            "Joined": "a+b",
            "Left": [],
            "Arns": [
                "arn:aws:dynamodb:eu-central-1:123456789012:table/Table",
                "arn:aws:logs:eu-central-1:123456789012:log-group:/s-two:*",
                "arn:aws:dynamodb:eu-central-1:123456789012:table/Table/${x}",
            ],
        });
        assert_eq!(stack.properties("Log"), Some(expected));
    }

    #[test]
    fn a_resource_exists_only_if_its_condition_holds() {
        let names = |place| {
            let tables = Stack::of(SMALL, &[("Place", place)]).resources("AWS::DynamoDB::Table");
            let mut names: Vec<_> = tables.into_iter().map(|(name, _)| name).collect();
            names.sort();
            names
        };
        assert_eq!(names("here"), ["Table"]);
        assert_eq!(names("there"), ["Gone", "Table"]);
    }
}
