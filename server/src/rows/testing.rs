//! A dataset of one table for tests, in memory but for its source.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, FixedSizeListArray, Float32Array, Float64Array, Int64Array, StringArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field};
use arrow::ipc::writer::FileWriter;
use arrow::record_batch::RecordBatch;
use veneer::dataset::rows::RowEdit;
use veneer::dataset::{Dataset, Datasets, Draft, Import, View};
use veneer::model::{DatasetName, Value};
use veneer::source::{ScanOptions, Source};
use veneer::store::MemoryStore;

use super::{ColumnStore, TableRows};

/// The dataset `traffic`, whose table is called `things`.
pub(crate) struct World {
    _folder: tempfile::TempDir,
    pub(crate) datasets: Datasets,
    pub(crate) store: Arc<ColumnStore>,
}

impl World {
    /// With these rows, which are in several batches of an Arrow file.
    pub(crate) fn of(batch: &RecordBatch) -> World {
        World::of_file("things.arrow", |path| {
            let mut writer =
                FileWriter::try_new(File::create(path).expect("a file"), &batch.schema()).expect("writable");
            for from in (0..batch.num_rows()).step_by(1_000) {
                writer.write(&batch.slice(from, 1_000.min(batch.num_rows() - from))).expect("written");
            }
            writer.finish().expect("written");
        })
    }

    /// With a file that `write` makes.
    pub(crate) fn of_file(name: &str, write: impl FnOnce(&Path)) -> World {
        let folder = tempfile::tempdir().expect("a temporary folder");
        write(&folder.path().join(name));
        let scan =
            Source::open(folder.path()).and_then(|source| source.scan(&ScanOptions::default())).expect("scanned");
        let store = Arc::new(MemoryStore::new());
        let base = veneer::base::store(&*store, scan.tree).expect("stored");
        let datasets = Datasets::new(store);
        let import = Import { name: &World::name(), source: folder.path(), base, author: "ann" };
        datasets.import(&import).expect("imported");
        World { _folder: folder, datasets, store: Arc::new(ColumnStore::new(64 << 20)) }
    }

    pub(crate) fn name() -> DatasetName {
        "traffic".parse().expect("a name")
    }

    pub(crate) fn dataset(&self) -> Dataset {
        self.datasets.open(&World::name()).expect("imported")
    }

    pub(crate) fn view(&self) -> View {
        let dataset = self.dataset();
        dataset.view(dataset.resolve(None).expect("main").id).expect("a view")
    }

    pub(crate) fn rows(&self) -> TableRows {
        self.rows_of(&self.view())
    }

    pub(crate) fn rows_of(&self, view: &View) -> TableRows {
        self.store.rows(&World::name(), view, "things").expect("a table")
    }

    pub(crate) fn draft(&self) -> Draft {
        self.dataset().draft(&"main".parse().expect("a branch"), &"ann".parse().expect("a name")).expect("a draft")
    }

    /// Makes edits of rows in a draft.
    pub(crate) fn edit(draft: &mut Draft, edits: Vec<RowEdit>) {
        let table = draft.view().table(Some("things")).expect("a table");
        draft.edit_table(&table, edits).expect("edited");
    }
}

/// An edit that sets one cell.
pub(crate) fn set(row: impl ToString, column: &str, value: Value) -> RowEdit {
    RowEdit::Set { row: row.to_string(), cells: vec![(column.to_owned(), value)] }
}

/// Numbers that look random and are always the same.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        // Numerical Recipes' generator; the high bits are the good ones.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }
}

/// Rows with all that is awkward: nulls, NaN, infinities, -0.0, many texts and few.
pub(crate) fn awkward(rows: usize, seed: u64) -> RecordBatch {
    let mut dice = Dice(seed);
    let labels = ["cat", "dog", "Dog", "", "é", "a cat"];
    let awkward = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 0.0, 1e300, -1e300];
    let mut each =
        |make: &mut dyn FnMut(&mut Dice) -> Value| -> Vec<Value> { (0..rows).map(|_| make(&mut dice)).collect() };
    let label = each(&mut |dice| match dice.one_in(9) {
        true => Value::Null,
        false => Value::Text(labels[dice.below(6) as usize].to_owned()),
    });
    let score = each(&mut |dice| match dice.below(12) {
        0 => Value::Null,
        1 => Value::Float(awkward[dice.below(7) as usize]),
        _ => Value::Float(dice.below(1_000) as f64 / 8.0 - 20.0),
    });
    let number = each(&mut |dice| if dice.one_in(7) { Value::Null } else { Value::Int(dice.below(40) as i64 - 20) });
    let place = each(&mut |dice| Value::Float(dice.below(1_000) as f64 / 100.0));
    let flag = each(&mut |dice| if dice.one_in(5) { Value::Null } else { Value::Bool(dice.one_in(2)) });
    let name = each(&mut |dice| Value::Text(format!("image-{}", dice.below(1 << 30))));
    let vector: Vec<f32> = (0..rows * 9).map(|_| dice.below(1_000) as f32 / 500.0 - 1.0).collect();
    let made = dice.below(1_000_000);
    let float = |values: &[Value]| -> ArrayRef {
        Arc::new(
            values
                .iter()
                .map(|value| if let Value::Float(it) = value { Some(*it) } else { None })
                .collect::<Float64Array>(),
        )
    };
    let text = |values: &[Value]| -> ArrayRef {
        Arc::new(
            values
                .iter()
                .map(|value| if let Value::Text(it) = value { Some(it.as_str()) } else { None })
                .collect::<StringArray>(),
        )
    };
    let whole = number.iter().map(|value| if let Value::Int(it) = value { Some(*it) } else { None });
    let truth = flag.iter().map(|value| if let Value::Bool(it) = value { Some(*it) } else { None });
    let times = (0..rows).map(|row| (row % 11 != 3).then_some((made as i64 + row as i64 * 60) * 1_000_000));
    let item = Arc::new(Field::new("item", DataType::Float32, true));
    let vectors = FixedSizeListArray::new(item, 9, Arc::new(Float32Array::from(vector)), None);
    RecordBatch::try_from_iter_with_nullable([
        ("label", text(&label), true),
        ("score", float(&score), true),
        ("n", Arc::new(whole.collect::<Int64Array>()) as ArrayRef, true),
        ("x", float(&place), true),
        ("flag", Arc::new(truth.collect::<BooleanArray>()), true),
        ("name", text(&name), true),
        ("embedding", Arc::new(vectors), true),
        ("made_at", Arc::new(times.collect::<TimestampMicrosecondArray>()), true),
    ])
    .expect("columns of one length")
}
