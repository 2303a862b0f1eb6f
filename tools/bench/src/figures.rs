//! Figures, and how they are printed.

use std::{fmt, fs, thread};

use serde::Serialize;

use crate::Result;

/// A number that was measured, or computed from measured ones.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Figure {
    name: &'static str,
    unit: &'static str,
    /// The median, if there are several values.
    value: f64,
    /// The lower and the upper quartile.
    #[serde(skip_serializing_if = "Option::is_none")]
    quartiles: Option<(f64, f64)>,
}

impl Figure {
    /// A single number.
    pub(crate) fn one(name: &'static str, unit: &'static str, value: f64) -> Self {
        Self { name, unit, value, quartiles: None }
    }

    /// The median of numbers, with their quartiles.
    pub(crate) fn of(name: &'static str, unit: &'static str, values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |share: usize| sorted.get((sorted.len().saturating_sub(1)) * share / 4).copied().unwrap_or(f64::NAN);
        Self { name, unit, value: at(2), quartiles: Some((at(1), at(3))) }
    }

    /// The median of the ratios, pair by pair, of numbers that were measured in turn.
    pub(crate) fn ratio(name: &'static str, values: &[f64], references: &[f64]) -> Self {
        let ratios: Vec<_> = values.iter().zip(references).map(|(value, reference)| value / reference).collect();
        Self::of(name, "×", &ratios)
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Three significant digits, or no decimals.
        let digits = |value: f64| match value.abs() {
            100.0.. => 0,
            10.0.. => 1,
            _ => 2,
        };
        write!(f, "{:.*}", digits(self.value), self.value)?;
        if let Some((lower, upper)) = self.quartiles {
            write!(f, " ({:.*}–{:.*})", digits(self.value), lower, digits(self.value), upper)?;
        }
        write!(f, "{}{}", if ["", "×"].contains(&self.unit) { "" } else { " " }, self.unit)
    }
}

/// Figures of several subjects.
#[derive(Debug, Serialize)]
pub(crate) struct Table {
    title: String,
    rows: Vec<(String, Vec<Figure>)>,
}

impl Table {
    /// A table without rows.
    pub(crate) fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), rows: Vec::new() }
    }

    /// Adds a row: a subject and its figures. All rows have the same figures in the same order.
    pub(crate) fn push(&mut self, what: impl Into<String>, figures: Vec<Figure>) {
        self.rows.push((what.into(), figures));
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "### {}\n", self.title)?;
        let columns = self.rows.first().map(|(_, figures)| figures.as_slice()).unwrap_or_default();
        let names: Vec<_> = columns.iter().map(|figure| figure.name).collect();
        writeln!(f, "| | {} |\n|---{}|", names.join(" | "), "|--:".repeat(names.len()))?;
        for (what, figures) in &self.rows {
            let cells: Vec<_> = figures.iter().map(ToString::to_string).collect();
            writeln!(f, "| {what} | {} |", cells.join(" | "))?;
        }
        Ok(())
    }
}

/// The machine, in one line.
pub(crate) fn machine() -> Result<String> {
    let processors = fs::read_to_string("/proc/cpuinfo")?;
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown processor", |(_, name)| name);
    let load = fs::read_to_string("/proc/loadavg")?;
    let load = load.split(' ').next().unwrap_or_default();
    let cores = thread::available_parallelism()?;
    Ok(format!("{model}, {cores} cores, load {load}. Medians with quartiles; ratios pair by pair."))
}
