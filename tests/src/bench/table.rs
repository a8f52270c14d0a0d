//! The numbers as a table for a person, and as rows for a program.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

/// One answer.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    name: String,
    value: f64,
    unit: &'static str,
    /// What the same work costs without Veneer, in the same unit and the same run.
    floor: Option<f64>,
    floor_name: Option<String>,
    /// The median of the pairs' ratios where there were pairs, else value / floor.
    ratio: Option<f64>,
    /// What is to be reached, as text.
    goal: Option<String>,
    reached: Option<bool>,
}

/// What a row is to reach.
pub(crate) enum Goal {
    /// The value itself.
    AtMost(f64),
    /// The value as a multiple of the floor.
    TimesFloor(f64),
    /// Only told, not judged.
    None,
}

/// All the answers of a run.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
}

impl Table {
    /// Adds a number whose floor was measured once.
    pub(crate) fn add(&mut self, name: &str, unit: &'static str, value: f64, floor: Option<(&str, f64)>, goal: &Goal) {
        let ratio = floor.map(|(_, floor)| value / floor);
        self.push(name, unit, value, floor, ratio, goal);
    }

    /// Adds durations that were measured in turns with their floor; medians of each, and of the pairs' ratios.
    pub(crate) fn add_pairs(&mut self, name: &str, floor_name: &str, pairs: &[(Duration, Duration)], goal: &Goal) {
        let value = median(pairs.iter().map(|(value, _)| value.as_secs_f64()));
        let floor = median(pairs.iter().map(|(_, floor)| floor.as_secs_f64()));
        let ratio = median(pairs.iter().map(|(value, floor)| value.as_secs_f64() / floor.as_secs_f64()));
        self.push(name, "s", value, Some((floor_name, floor)), Some(ratio), goal);
    }

    fn push(
        &mut self,
        name: &str,
        unit: &'static str,
        value: f64,
        floor: Option<(&str, f64)>,
        ratio: Option<f64>,
        goal: &Goal,
    ) {
        let (goal, reached) = match goal {
            Goal::AtMost(limit) => (Some(format!("≤ {limit} {unit}")), Some(value <= *limit)),
            Goal::TimesFloor(limit) => (Some(format!("≤ {limit} ×")), ratio.map(|ratio| ratio <= *limit)),
            Goal::None => (None, None),
        };
        let row = Row {
            name: name.to_owned(),
            value,
            unit,
            floor: floor.map(|(_, floor)| floor),
            floor_name: floor.map(|(name, _)| name.to_owned()),
            ratio,
            goal,
            reached,
        };
        crate::world::tell(&row.to_string());
        self.rows.push(row);
    }

    /// The rows, to be kept.
    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Whether no goal was missed.
    pub(crate) fn all_reached(&self) -> bool {
        self.rows.iter().all(|row| row.reached != Some(false))
    }
}

/// The middle one; of an even number, the higher of the two in the middle.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The median of durations, in milliseconds.
pub(crate) fn median_ms(values: &[Duration]) -> f64 {
    median(values.iter().map(|value| value.as_secs_f64() * 1e3))
}

impl Row {
    fn cells(&self) -> [String; 6] {
        let number = |value: f64| match value {
            _ if value >= 100.0 => format!("{value:.0}"),
            _ if value >= 10.0 => format!("{value:.1}"),
            _ => format!("{value:.2}"),
        };
        let floor = self.floor.map(|floor| {
            format!("{} {} ({})", number(floor), self.unit, self.floor_name.as_deref().unwrap_or_default())
        });
        [
            self.name.clone(),
            format!("{} {}", number(self.value), self.unit),
            floor.unwrap_or_default(),
            self.ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default(),
            self.goal.clone().unwrap_or_default(),
            self.reached.map(|reached| if reached { "yes" } else { "**no**" }.to_owned()).unwrap_or_default(),
        ]
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.cells().join(" | "))
    }
}

impl fmt::Display for Table {
    /// Writes it as Markdown whose columns line up.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["what", "value", "floor", "ratio", "goal", "reached"].map(str::to_owned);
        let mut lines = vec![head];
        lines.extend(self.rows.iter().map(Row::cells));
        let widths: Vec<usize> =
            (0..6).map(|column| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0)).collect();
        for (number, line) in lines.iter().enumerate() {
            for (cell, width) in line.iter().zip(&widths) {
                write!(f, "| {cell:<width$} ")?;
            }
            writeln!(f, "|")?;
            if number == 0 {
                widths.iter().try_for_each(|width| write!(f, "|{:-<1$}", "", width + 2))?;
                writeln!(f, "|")?;
            }
        }
        Ok(())
    }
}
