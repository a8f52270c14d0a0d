//! Ratios of pairs as a table for a person, and as rows for a program.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::readers::Took;
use crate::table::median;

/// One turn through a mount and one of the bare source beside it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    pub(crate) mount: Took,
    pub(crate) bare: Took,
}

/// The median of the pairs' ratios of time.
pub(crate) fn ratio_of(pairs: &[Pair]) -> f64 {
    let seconds = |time: Duration| time.as_secs_f64().max(1e-9);
    median(pairs.iter().map(|pair| seconds(pair.mount.time) / seconds(pair.bare.time)))
}

/// The most that each profile's ratio may be; infinite where nothing is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Goals {
    pub(crate) small: f64,
    pub(crate) large: f64,
}

/// One workload through one mount.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Ratio {
    work: &'static str,
    mount: &'static str,
    /// Time through the mount by time of the source: least, median and most of the pairs.
    least: f64,
    ratio: f64,
    most: f64,
    /// The same of CPU time, of reader and daemon together; the median.
    cpu: f64,
    /// Medians, in milliseconds.
    mount_ms: f64,
    source_ms: f64,
    goal: Option<f64>,
    reached: Option<bool>,
    /// How loaded the machine was, by what else ran on it.
    load: f64,
}

/// All rows of a run.
#[derive(Debug, Default)]
pub(crate) struct Ratios {
    rows: Vec<Ratio>,
}

impl Ratios {
    /// Adds what was measured of one workload through one mount.
    pub(crate) fn add(&mut self, work: &'static str, mount: &'static str, pairs: &[Pair], goals: Goals) {
        let seconds = |time: Duration| time.as_secs_f64().max(1e-9);
        let times = || pairs.iter().map(|pair| seconds(pair.mount.time) / seconds(pair.bare.time));
        let ratio = ratio_of(pairs);
        let goal = match mount {
            "small-files" | "writable" => goals.small,
            "large-files" => goals.large,
            _ => f64::INFINITY,
        };
        let goal = Some(goal).filter(|goal| goal.is_finite());
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        self.rows.push(Ratio {
            work,
            mount,
            least: times().fold(f64::INFINITY, f64::min),
            ratio,
            most: times().fold(0.0, f64::max),
            cpu: median(pairs.iter().map(|pair| seconds(pair.mount.cpu) / seconds(pair.bare.cpu))),
            mount_ms: median(pairs.iter().map(|pair| seconds(pair.mount.time) * 1e3)),
            source_ms: median(pairs.iter().map(|pair| seconds(pair.bare.time) * 1e3)),
            goal,
            reached: goal.map(|goal| ratio <= goal),
            load: load.split_whitespace().next().and_then(|text| text.parse().ok()).unwrap_or(0.0),
        });
        let row = &self.rows[self.rows.len() - 1];
        crate::world::tell(&format!("{work} | {mount} | {}", row.cell()));
    }

    /// The rows, to be kept.
    pub(crate) fn rows(&self) -> &[Ratio] {
        &self.rows
    }

    /// Whether no goal was missed.
    pub(crate) fn all_reached(&self) -> bool {
        self.rows.iter().all(|row| row.reached != Some(false))
    }
}

impl Ratio {
    fn cell(&self) -> String {
        let Ratio { least, ratio, most, cpu, .. } = self;
        let is_void = self.mount == crate::speed::CONTROL && !crate::speed::CONTROL_BOUNDS.contains(ratio);
        let goal = match (self.goal, self.reached) {
            _ if is_void => " **void: noise**".to_owned(),
            (Some(goal), Some(true)) => format!(" ≤ {goal}"),
            (Some(goal), _) => format!(" **> {goal}**"),
            _ => String::new(),
        };
        format!("{least:.2}/{ratio:.2}/{most:.2}{goal}, cpu {cpu:.2}")
    }
}

impl fmt::Display for Ratios {
    /// Writes it as Markdown: a row for each workload, a column for each mount.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut works, mut mounts) = (Vec::new(), Vec::new());
        for row in &self.rows {
            if !works.contains(&row.work) {
                works.push(row.work);
            }
            if !mounts.contains(&row.mount) {
                mounts.push(row.mount);
            }
        }
        writeln!(f, "Ratio to the bare source: least/median/most of the pairs, and the median of CPU time\n")?;
        writeln!(f, "| workload | source, ms | {} |", mounts.join(" | "))?;
        writeln!(f, "|---|---|{}", "---|".repeat(mounts.len()))?;
        for work in works {
            let of_work = || self.rows.iter().filter(|row| row.work == work);
            let source = median(of_work().map(|row| row.source_ms));
            write!(f, "| {work} | {source:.1} ")?;
            for mount in &mounts {
                let cell = of_work().find(|row| row.mount == *mount).map(Ratio::cell);
                write!(f, "| {} ", cell.unwrap_or_default())?;
            }
            writeln!(f, "|")?;
        }
        Ok(())
    }
}
