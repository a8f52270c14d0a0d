//! Runs side by side: their rows joined on the sample, and what became better or worse.
//!
//! Samples are counted in all runs; rows are those that all runs have. Whether a
//! prediction is right is said by the label that the sample has in a table.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Float64Builder, ListBuilder, StringArray, StringBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};
use arrow::record_batch::RecordBatch;
use serde::Serialize;
use utoipa::ToSchema;
use veneer::run::Run;
use veneer::table::{Column, Role};
use veneer::{Error, Result};

use super::LiveRuns;
use crate::rows::{Epoch, TableRows};

/// A run has so many samples at most: all of them are in memory while they are joined.
const SAMPLES_MAX: usize = 5_000_000;
/// More classes than these are told by none.
const CLASSES_MAX: usize = 2_000;
/// No row of this run.
const NONE: u32 = u32::MAX;
/// What a column of labels may be called where no format says which one it is.
const LABELS: [&str; 4] = ["label", "class", "category", "target"];
/// The column with what a run took a sample for.
pub(super) const PREDICTED: &str = "predicted";

/// What was counted.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(super) struct Counts {
    /// The runs, as they were named.
    runs: Vec<String>,
    /// How many samples each has.
    samples: Vec<usize>,
    /// How many samples no other run has, for each.
    only: Vec<usize>,
    /// How many samples all of them have.
    in_all: usize,
    /// What is otherwise in each run after the first.
    changes: Vec<Change>,
    /// How often each class was predicted right; none where no label or no prediction is known.
    classes: Option<Vec<ClassCount>>,
}

/// What is otherwise in a run than in the first, of the samples that all runs have.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub(super) struct Change {
    run: String,
    /// How often the metric is greater here.
    higher: usize,
    /// How often it is less.
    lower: usize,
    /// How often it is the same number.
    same: usize,
    /// How often the prediction was wrong and is right; none where no label or no prediction is known.
    better: Option<usize>,
    /// How often it was right and is wrong.
    worse: Option<usize>,
    /// How often both are right.
    both_right: Option<usize>,
    /// How often both are wrong.
    both_wrong: Option<usize>,
}

/// How often a class was predicted right, of the samples of which all runs have a prediction.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = RightOfClass)]
pub(super) struct ClassCount {
    /// The label.
    class: String,
    /// How many samples have it.
    rows: usize,
    /// How many of them each run predicted right.
    right: Vec<usize>,
    /// The share of them in each run after the first, less that of the first.
    delta: Vec<f64>,
}

/// Which of the samples are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    All,
    /// Wrong in the first run, and right in the last.
    Better,
    /// The other way round.
    Worse,
    BothRight,
    BothWrong,
}

/// Which come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// As the first run has them.
    Sample,
    /// Those whose metric has grown most from the first run to the second.
    Rise,
    /// Those whose metric has fallen most.
    Fall,
    /// Those whose metric is high in all runs.
    High,
    /// Those whose metric is low in all runs.
    Low,
}

/// One run's part.
struct Side {
    samples: StringArray,
    metric: Float64Array,
    predicted: Option<StringArray>,
}

/// Runs side by side.
pub(super) struct Comparison {
    sides: Vec<Side>,
    /// For each sample that all have, its row in each.
    rows: Vec<[u32; 4]>,
    /// The label of each of these.
    labels: Vec<Option<String>>,
    /// Names of classes by the values that stand for them.
    classes: HashMap<String, String>,
    pub(super) counts: Counts,
}

impl Comparison {
    /// Lays runs side by side. It blocks.
    ///
    /// # Errors
    /// `NotFound` for a metric that a run has not; `Invalid` for one that is no number, and for too many samples.
    pub(super) fn of(
        live: &LiveRuns,
        runs: &[Run],
        metric: &str,
        epoch: Epoch,
        table: Option<&TableRows>,
    ) -> Result<Comparison> {
        let sides = runs.iter().map(|run| Side::of(live, run, metric, epoch)).collect::<Result<Vec<_>>>()?;
        let mut places: HashMap<&str, [u32; 4]> = HashMap::with_capacity(sides[0].samples.len());
        for (side, of) in sides.iter().enumerate() {
            for (row, sample) in of.samples.iter().enumerate() {
                places.entry(sample.unwrap_or_default()).or_insert([NONE; 4])[side] = row as u32;
            }
        }
        let in_all = |rows: &[u32; 4]| rows[..sides.len()].iter().all(|row| *row != NONE);
        let mut rows: Vec<[u32; 4]> = places.values().filter(|rows| in_all(rows)).copied().collect();
        rows.sort_unstable_by_key(|rows| rows[0]);
        let only = |side: usize| {
            let others = |rows: &[u32; 4]| rows.iter().filter(|row| **row != NONE).count() == 1;
            places.values().filter(|rows| rows[side] != NONE && others(rows)).count()
        };
        let counts = Counts {
            runs: runs.iter().map(|run| run.name.to_string()).collect(),
            samples: sides.iter().map(|side| side.samples.len()).collect(),
            only: (0..sides.len()).map(only).collect(),
            in_all: rows.len(),
            changes: Vec::new(),
            classes: None,
        };
        drop(places);
        let mut made = Comparison { labels: vec![None; rows.len()], classes: HashMap::new(), sides, rows, counts };
        if let Some(table) = table {
            made.add_labels(table)?;
        }
        made.count_changes();
        made.count_classes();
        Ok(made)
    }

    fn add_labels(&mut self, table: &TableRows) -> Result<()> {
        let columns = &table.schema().columns;
        let is_called_so = |column: &&Column| {
            LABELS.iter().any(|name| column.name.eq_ignore_ascii_case(name)) && !column.data_type.is_nested()
        };
        let label = columns.iter().find(|column| matches!(column.role, Role::Label { .. }));
        let Some(label) = label.or_else(|| columns.iter().find(is_called_so)) else { return Ok(()) };
        if let Role::Label { classes } = &label.role {
            self.classes = classes.iter().cloned().collect();
        }
        let texts = table.column_as_text(&label.name)?;
        let samples = self.rows.iter().map(|rows| self.sides[0].samples.value(rows[0] as usize));
        let found = table.rows_of(samples)?;
        let label = |row: Option<usize>| row.filter(|row| texts.is_valid(*row)).map(|row| texts.value(row).to_owned());
        self.labels = found.into_iter().map(label).collect();
        Ok(())
    }

    /// Whether a run predicted a sample right; `None` where that is not known.
    fn is_right(&self, side: usize, at: usize) -> Option<bool> {
        let (label, row) = (self.labels[at].as_deref()?, self.rows[at][side] as usize);
        let predicted = self.sides[side].predicted.as_ref().filter(|predicted| predicted.is_valid(row))?.value(row);
        Some(predicted == label || self.classes.get(label).is_some_and(|name| name == predicted))
    }

    fn metric(&self, side: usize, at: usize) -> Option<f64> {
        let (of, row) = (&self.sides[side].metric, self.rows[at][side] as usize);
        of.is_valid(row).then(|| of.value(row)).filter(|value| !value.is_nan())
    }

    fn count_changes(&mut self) {
        let mut changes = Vec::new();
        for side in 1..self.sides.len() {
            let mut change = Change { run: self.counts.runs[side].clone(), ..Change::default() };
            for at in 0..self.rows.len() {
                if let Some((before, after)) = self.metric(0, at).zip(self.metric(side, at)) {
                    match after.total_cmp(&before) {
                        std::cmp::Ordering::Greater => change.higher += 1,
                        std::cmp::Ordering::Less => change.lower += 1,
                        std::cmp::Ordering::Equal => change.same += 1,
                    }
                }
                if let Some(pair) = self.is_right(0, at).zip(self.is_right(side, at)) {
                    let all = [&mut change.better, &mut change.worse, &mut change.both_right, &mut change.both_wrong];
                    let place = match pair {
                        (false, true) => 0,
                        (true, false) => 1,
                        (true, true) => 2,
                        (false, false) => 3,
                    };
                    for (at, count) in all.into_iter().enumerate() {
                        *count.get_or_insert(0) += usize::from(at == place);
                    }
                }
            }
            changes.push(change);
        }
        self.counts.changes = changes;
    }

    fn count_classes(&mut self) {
        let mut classes: BTreeMap<&str, (usize, Vec<usize>)> = BTreeMap::new();
        for at in 0..self.rows.len() {
            let right: Option<Vec<bool>> = (0..self.sides.len()).map(|side| self.is_right(side, at)).collect();
            let (Some(right), Some(label)) = (right, self.labels[at].as_deref()) else { continue };
            let (rows, counts) = classes.entry(label).or_insert_with(|| (0, vec![0; right.len()]));
            *rows += 1;
            counts.iter_mut().zip(right).for_each(|(count, is_right)| *count += usize::from(is_right));
            if classes.len() > CLASSES_MAX {
                return;
            }
        }
        let share = |of: usize, rows: usize| of as f64 / rows as f64;
        let counted = |(class, (rows, right)): (&str, (usize, Vec<usize>))| ClassCount {
            class: self.classes.get(class).cloned().unwrap_or_else(|| class.to_owned()),
            delta: right[1..].iter().map(|count| share(*count, rows) - share(right[0], rows)).collect(),
            rows,
            right,
        };
        let counted: Vec<ClassCount> = classes.into_iter().map(counted).collect();
        self.counts.classes = (!counted.is_empty()).then_some(counted);
    }

    /// The places of the samples of a case, in order.
    pub(super) fn chosen(&self, case: Case, order: Order) -> Vec<usize> {
        let last = self.sides.len() - 1;
        let is_it = |at: &usize| {
            let pair = || self.is_right(0, *at).zip(self.is_right(last, *at));
            match case {
                Case::All => true,
                Case::Better => pair() == Some((false, true)),
                Case::Worse => pair() == Some((true, false)),
                Case::BothRight => pair() == Some((true, true)),
                Case::BothWrong => pair() == Some((false, false)),
            }
        };
        let mut chosen: Vec<usize> = (0..self.rows.len()).filter(is_it).collect();
        let all = |at: usize| (0..self.sides.len()).map(move |side| self.metric(side, at));
        let least = |at: usize| all(at).try_fold(f64::INFINITY, |least, value| Some(least.min(value?)));
        let most = |at: usize| all(at).try_fold(f64::NEG_INFINITY, |most, value| Some(most.max(value?)));
        let rise = |at: usize| Some(self.metric(1, at)? - self.metric(0, at)?);
        let weight = |at: usize| -> Option<f64> {
            match order {
                Order::Sample => None,
                Order::Rise => rise(at),
                Order::Fall => rise(at).map(|rise| -rise),
                Order::High => least(at),
                Order::Low => most(at).map(|most| -most),
            }
        };
        if order != Order::Sample {
            // What has no number in a run comes last.
            let weight = |at: usize| weight(at).filter(|weight| !weight.is_nan()).unwrap_or(f64::NEG_INFINITY);
            chosen.sort_by(|a, b| weight(*b).total_cmp(&weight(*a)));
        }
        chosen
    }

    /// The samples in these places: `sample`, `label`, and of each run its metric and its prediction, as lists in the
    /// order of the runs.
    pub(super) fn batch(&self, chosen: &[usize]) -> Result<RecordBatch> {
        let samples = chosen.iter().map(|at| self.sides[0].samples.value(self.rows[*at][0] as usize));
        let samples: ArrayRef = Arc::new(StringArray::from_iter_values(samples));
        let labels: ArrayRef = Arc::new(StringArray::from_iter(chosen.iter().map(|at| self.labels[*at].as_deref())));
        let mut columns: Vec<(String, ArrayRef)> = vec![("sample".to_owned(), samples), ("label".to_owned(), labels)];
        let mut values = ListBuilder::new(Float64Builder::new());
        let mut predicted = ListBuilder::new(StringBuilder::new());
        for at in chosen {
            for (side, of) in self.sides.iter().enumerate() {
                let row = self.rows[*at][side] as usize;
                values.values().append_option(of.metric.is_valid(row).then(|| of.metric.value(row)));
                let of = of.predicted.as_ref().filter(|predicted| predicted.is_valid(row));
                predicted.values().append_option(of.map(|predicted| predicted.value(row)));
            }
            values.append(true);
            predicted.append(true);
        }
        columns.push(("values".to_owned(), Arc::new(values.finish())));
        columns.push(("predicted".to_owned(), Arc::new(predicted.finish())));
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true)))
            .map_err(|cause| Error::invalid("comparison", "", "its columns do not go together").caused_by(cause))
    }
}

impl Side {
    fn of(live: &LiveRuns, run: &Run, metric: &str, epoch: Epoch) -> Result<Side> {
        let schema = run.schema(veneer::run::Of::Metrics)?;
        let has_predicted = metric != PREDICTED && schema.index_of(PREDICTED).is_ok();
        let names = [Some(metric), has_predicted.then_some(PREDICTED)];
        let names: Vec<String> = names.into_iter().flatten().map(str::to_owned).collect();
        let rows = live.columns_of(run, epoch, &names)?;
        if rows.num_rows() > SAMPLES_MAX {
            let why = format!("it has {} samples, and {SAMPLES_MAX} at most are compared", rows.num_rows());
            return Err(Error::invalid("run to compare", run.name.as_str(), why));
        }
        let column = |name: &str| rows.column_by_name(name).ok_or_else(|| Error::not_found("column", name));
        let values = column(metric)?;
        let is_number = values.data_type().is_numeric() || *values.data_type() == DataType::Boolean;
        let unfit = || Error::invalid("metric", metric, format!("in `{}` its values are no numbers", run.name));
        let values =
            if is_number { cast(values, &DataType::Float64).map_err(|_| unfit())? } else { return Err(unfit()) };
        let predicted = match has_predicted {
            true => cast(column(PREDICTED)?, &DataType::Utf8).ok().map(|texts| texts.as_string().clone()),
            false => None,
        };
        let samples = rows.column(0).as_string().clone();
        Ok(Side { samples, metric: values.as_primitive::<Float64Type>().clone(), predicted })
    }
}
