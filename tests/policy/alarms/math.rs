//! The part of CloudWatch's metric math that the alarms use, by its documentation
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html>). Everything else is
//! refused, including what the documentation leaves open, such as operator precedence, so that a slip in an expression fails.

mod calculation;

use std::{iter::Peekable, vec};

/// A value for each period, the oldest first; `None` where there is no data point.
pub(crate) type Series = Vec<Option<f64>>;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expression {
    Number(f64),
    /// The metric with this id.
    Metric(String),
    /// `METRICS()`: all metrics of the alarm.
    Metrics,
    /// `FILL(…, number)`.
    Fill(Box<Expression>, f64),
    /// `SUM(…)` of several metrics.
    Sum(Box<Expression>),
    /// `IF(condition, then, otherwise)`.
    If(Box<[Expression; 3]>),
    Operation(Operator, Box<[Expression; 2]>),
}

/// A binary operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Add,
    And,
    Divide,
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Multiply,
    NotEqual,
    Or,
    Subtract,
}

const ARITHMETIC: [(&str, Operator); 4] =
    [("+", Operator::Add), ("-", Operator::Subtract), ("*", Operator::Multiply), ("/", Operator::Divide)];

const COMPARISONS: [(&str, Operator); 6] = [
    ("==", Operator::Equal),
    ("!=", Operator::NotEqual),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("<", Operator::Less),
    (">", Operator::Greater),
];

const LOGICAL: [(&str, Operator); 4] =
    [("AND", Operator::And), ("&&", Operator::And), ("OR", Operator::Or), ("||", Operator::Or)];

/// All tokens but words and numbers. If two begin alike, the longer comes first.
const SYMBOLS: [&str; 15] = ["==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-", "*", "/", "(", ")", ","];

#[derive(Debug, PartialEq)]
enum Token {
    Number(f64),
    Symbol(&'static str),
    Word(String),
}

fn tokens(mut text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    loop {
        text = text.trim_start();
        let Some(first) = text.chars().next() else { return Ok(tokens) };
        if let Some(symbol) = SYMBOLS.into_iter().find(|symbol| text.starts_with(*symbol)) {
            tokens.push(Token::Symbol(symbol));
            text = &text[symbol.len()..];
            continue;
        }
        let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.').unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        tokens.push(match first {
            '0'..='9' => Token::Number(word.parse::<f64>().map_err(|error| format!("{word}: {error}"))?),
            'A'..='Z' | 'a'..='z' if !word.contains('.') => Token::Word(word.to_owned()),
            _ => return Err(format!("{first:?} cannot be part of an expression")),
        });
        text = rest;
    }
}

/// Reads an expression.
///
/// # Errors
///
/// A description of the fault, or of the part that is not supported.
pub(crate) fn parse(text: &str) -> Result<Expression, String> {
    let mut parser = Parser { tokens: tokens(text)?.into_iter().peekable() };
    let expression = parser.logical()?;
    match parser.tokens.next() {
        None => Ok(expression),
        Some(token) => Err(format!("{token:?} follows the end")),
    }
}

struct Parser {
    tokens: Peekable<vec::IntoIter<Token>>,
}

impl Parser {
    /// Consumes the next token if it is this one.
    fn takes(&mut self, symbol: &str) -> bool {
        self.tokens.next_if(|token| matches!(token, Token::Symbol(next) if *next == symbol)).is_some()
    }

    /// Consumes the next token if it is one of these operators.
    fn operator(&mut self, operators: &[(&str, Operator)]) -> Option<Operator> {
        let next = match self.tokens.peek()? {
            Token::Number(_) => return None,
            Token::Symbol(symbol) => *symbol,
            Token::Word(word) => word.as_str(),
        };
        let (_, operator) = *operators.iter().find(|(text, _)| *text == next)?;
        self.tokens.next();
        Some(operator)
    }

    /// Parts joined by one operator, and the operator if there are several parts. Different operators need parentheses.
    fn chain(
        &mut self,
        operators: &[(&str, Operator)],
        part: fn(&mut Self) -> Result<Expression, String>,
    ) -> Result<(Expression, Option<Operator>), String> {
        let mut left = part(self)?;
        let mut joined_by = None;
        while let Some(operator) = self.operator(operators) {
            if joined_by.is_some_and(|before| before != operator) {
                return Err(format!("{joined_by:?} and {operator:?} need parentheses"));
            }
            joined_by = Some(operator);
            left = Expression::Operation(operator, Box::new([left, part(self)?]));
        }
        Ok((left, joined_by))
    }

    fn logical(&mut self) -> Result<Expression, String> {
        Ok(self.chain(&LOGICAL, Self::comparison)?.0)
    }

    fn comparison(&mut self) -> Result<Expression, String> {
        let (left, calculated) = self.chain(&ARITHMETIC, Self::value)?;
        let Some(operator) = self.operator(&COMPARISONS) else { return Ok(left) };
        let (right, also_calculated) = self.chain(&ARITHMETIC, Self::value)?;
        match calculated.or(also_calculated) {
            None => Ok(Expression::Operation(operator, Box::new([left, right]))),
            Some(calculated) => Err(format!("{calculated:?} and {operator:?} need parentheses")),
        }
    }

    fn value(&mut self) -> Result<Expression, String> {
        match self.tokens.next() {
            Some(Token::Number(number)) => Ok(Expression::Number(number)),
            Some(Token::Symbol("(")) => {
                let inner = self.logical()?;
                if self.takes(")") { Ok(inner) } else { Err("a parenthesis is not closed".to_owned()) }
            }
            // Ids begin with a lower-case letter, functions are in upper case.
            Some(Token::Word(word)) if word.starts_with(|first: char| first.is_ascii_lowercase()) => {
                Ok(Expression::Metric(word))
            }
            Some(Token::Word(word)) => self.call(&word),
            other => Err(format!("expected a value, found {other:?}")),
        }
    }

    fn call(&mut self, function: &str) -> Result<Expression, String> {
        if !self.takes("(") {
            return Err(format!("{function} needs parentheses"));
        }
        let mut arguments = Vec::new();
        while !self.takes(")") {
            if !arguments.is_empty() && !self.takes(",") {
                return Err(format!("the parenthesis of {function} is not closed"));
            }
            arguments.push(self.logical()?);
        }
        match (function, arguments.as_slice()) {
            ("METRICS", []) => Ok(Expression::Metrics),
            ("FILL", [filled, Expression::Number(with)]) => Ok(Expression::Fill(Box::new(filled.clone()), *with)),
            ("SUM", [summed]) => Ok(Expression::Sum(Box::new(summed.clone()))),
            ("IF", [condition, then, otherwise]) => {
                Ok(Expression::If(Box::new([condition.clone(), then.clone(), otherwise.clone()])))
            }
            _ => Err(format!("{function} of {arguments:?} is not supported")),
        }
    }
}

impl Expression {
    /// Whether the expression uses the metric with this id.
    pub(crate) fn looks_at(&self, id: &str) -> bool {
        match self {
            Self::Number(_) => false,
            Self::Metric(own) => own == id,
            Self::Metrics => true,
            Self::Fill(inner, _) | Self::Sum(inner) => inner.looks_at(id),
            Self::If(parts) => parts.iter().any(|part| part.looks_at(id)),
            Self::Operation(_, operands) => operands.iter().any(|operand| operand.looks_at(id)),
        }
    }
}
