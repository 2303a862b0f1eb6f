//! Evaluates expressions.

use std::collections::BTreeMap;

use super::{Expression, Operator, Series};

/// The value of a part of an expression.
#[derive(Debug, Clone)]
enum Value {
    Number(f64),
    Series(Series),
    Several(Vec<Series>),
}

impl Value {
    fn point(&self, period: usize) -> Result<Option<f64>, String> {
        match self {
            Self::Number(number) => Ok(Some(*number)),
            Self::Series(series) => Ok(series[period]),
            Self::Several(_) => Err("IF chooses between single series".to_owned()),
        }
    }
}

/// Combines two series point by point. A point that is missing in one of them counts as 0; one missing in both stays missing.
fn pairs(left: Series, right: Series, result: impl Fn(f64, f64) -> Option<f64>) -> Series {
    let points = left.into_iter().zip(right).map(|pair| match pair {
        (None, None) => None,
        (left, right) => result(left.unwrap_or_default(), right.unwrap_or_default()),
    });
    points.collect()
}

impl Operator {
    /// The result for two numbers: `None` for a division by 0.
    fn of_numbers(self, left: f64, right: f64) -> Option<f64> {
        let truth = |truth: bool| Some(f64::from(u8::from(truth)));
        match self {
            Self::Add => Some(left + right),
            Self::Subtract => Some(left - right),
            Self::Multiply => Some(left * right),
            Self::Divide => (right != 0.0).then(|| left / right),
            Self::Equal => truth(left == right),
            Self::NotEqual => truth(left != right),
            Self::Less => truth(left < right),
            Self::LessOrEqual => truth(left <= right),
            Self::Greater => truth(left > right),
            Self::GreaterOrEqual => truth(left >= right),
            Self::And => truth(left != 0.0 && right != 0.0),
            Self::Or => truth(left != 0.0 || right != 0.0),
        }
    }

    fn of(self, left: Value, right: Value) -> Result<Value, String> {
        let result = |left, right| self.of_numbers(left, right);
        match (left, right) {
            (Value::Number(left), Value::Number(right)) => {
                result(left, right).map(Value::Number).ok_or_else(|| format!("{left} is divided by {right}"))
            }
            (Value::Series(left), Value::Series(right)) => Ok(Value::Series(pairs(left, right, result))),
            (Value::Series(left), Value::Number(right)) => {
                Ok(Value::Series(left.into_iter().map(|left| result(left?, right)).collect()))
            }
            (Value::Number(left), Value::Series(right)) => {
                Ok(Value::Series(right.into_iter().map(|right| result(left, right?)).collect()))
            }
            (left, right) => Err(format!("{self:?} of {left:?} and {right:?} is not supported")),
        }
    }
}

impl Expression {
    /// Evaluates the expression for an alarm's metrics, given by id and for the same periods.
    ///
    /// # Errors
    ///
    /// An unknown metric, or a result that an alarm cannot use: it must be a single series.
    pub(crate) fn of(&self, metrics: &BTreeMap<String, Series>) -> Result<Series, String> {
        match self.value(metrics)? {
            Value::Series(series) => Ok(series),
            other => Err(format!("{other:?} is not a single series")),
        }
    }

    fn value(&self, metrics: &BTreeMap<String, Series>) -> Result<Value, String> {
        match self {
            Self::Number(number) => Ok(Value::Number(*number)),
            Self::Metric(id) => {
                let series = metrics.get(id).ok_or_else(|| format!("there is no metric {id}"))?;
                Ok(Value::Series(series.clone()))
            }
            Self::Metrics => Ok(Value::Several(metrics.values().cloned().collect())),
            Self::Fill(filled, with) => {
                let fill =
                    |series: Series| -> Series { series.into_iter().map(|point| point.or(Some(*with))).collect() };
                match filled.value(metrics)? {
                    Value::Series(series) => Ok(Value::Series(fill(series))),
                    Value::Several(several) => Ok(Value::Several(several.into_iter().map(fill).collect())),
                    Value::Number(number) => Err(format!("FILL needs a series, not the number {number}")),
                }
            }
            Self::Sum(summed) => {
                // SUM of a single series is the sum of all points that CloudWatch happens to retrieve: useless for an alarm.
                let Value::Several(several) = summed.value(metrics)? else {
                    return Err("SUM is supported only for several series".to_owned());
                };
                let sum = several.into_iter().reduce(|sum, next| pairs(sum, next, |sum, next| Some(sum + next)));
                sum.map(Value::Series).ok_or_else(|| "SUM of nothing".to_owned())
            }
            Self::If(parts) => {
                let [condition, then, otherwise] = &**parts;
                let Value::Series(condition) = condition.value(metrics)? else {
                    return Err("IF is supported only with a series as its condition".to_owned());
                };
                let [then, otherwise] = [then.value(metrics)?, otherwise.value(metrics)?];
                let chosen = condition.into_iter().enumerate().map(|(period, truth)| match truth {
                    None => Ok(None),
                    Some(0.0) => otherwise.point(period),
                    Some(_) => Ok(then.point(period)?.or(Some(0.0))),
                });
                Ok(Value::Series(chosen.collect::<Result<_, _>>()?))
            }
            Self::Operation(operator, operands) => {
                let [left, right] = &**operands;
                operator.of(left.value(metrics)?, right.value(metrics)?)
            }
        }
    }
}
