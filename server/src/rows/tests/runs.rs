//! The columns of a run, joined on by the keys of rows.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, StringArray};
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use veneer::model::{Id, Value};
use veneer::table::arrow_value;
use veneer::{Error, Result};

use crate::rows::testing::{World, awkward};
use crate::rows::{Epoch, PageQuery, RunColumns, RunMetrics, RunRows};

/// One run, `resnet`, that has seen three samples, of which one is not in the table.
#[derive(Debug)]
pub(crate) struct OneRun;

impl RunMetrics for OneRun {
    fn names(&self) -> Result<Vec<String>> {
        Ok(vec!["resnet".to_owned()])
    }

    fn epoch(&self, run: &str, _: Epoch) -> Result<(Id, RecordBatch)> {
        Ok((Id::of(b"resnet at epoch 1"), self.recorded(run)?.read(1, &[])?))
    }

    fn recorded(&self, run: &str) -> Result<Arc<dyn RunRows>> {
        if run == "resnet" { Ok(Arc::new(OneRun)) } else { Err(Error::not_found("run", run)) }
    }
}

impl RunRows for OneRun {
    fn schema(&self) -> SchemaRef {
        self.read(1, &[]).expect("rows").schema()
    }

    fn epochs(&self) -> Vec<(i64, i64)> {
        vec![(1, 1)]
    }

    fn read(&self, _: i64, _: &[String]) -> Result<RecordBatch> {
        let batch = RecordBatch::try_from_iter([
            ("sample", Arc::new(StringArray::from(vec!["2", "0", "gone"])) as ArrayRef),
            ("loss", Arc::new(Float64Array::from(vec![Some(0.5), None, Some(9.0)])) as ArrayRef),
            ("predicted", Arc::new(StringArray::from(vec!["cat", "dog", "cow"])) as ArrayRef),
        ]);
        Ok(batch.expect("columns of one length"))
    }
}

#[test]
fn a_runs_columns_are_columns_of_the_table() {
    let world = World::of(&awkward(5, 1));
    let plain = world.rows();
    let run = RunColumns::of(&OneRun, "resnet", Epoch::Latest).expect("a run");
    let rows = plain.clone().with_runs(vec![run]);
    assert_ne!(rows.id(), plain.id());
    let cells = |name: &str| arrow_value::values(&rows.column(name).expect("a column")).expect("values");
    assert_eq!(cells("resnet.loss"), [Value::Null, Value::Null, Value::Float(0.5), Value::Null, Value::Null]);
    assert_eq!(cells("resnet.predicted")[0], Value::Text("dog".to_owned()));
    assert_eq!(rows.mask(Some("resnet.loss < 1")).expect("a mask").expect("a condition").count(), 1);
    assert_eq!(rows.mask(Some("resnet.predicted = 'dog'")).expect("a mask").expect("a condition").count(), 1);
    assert!(plain.mask(Some("resnet.loss < 1")).is_err());
    let query = PageQuery {
        order: Some("resnet.loss".into()),
        columns: Some("n,resnet.loss".into()),
        limit: 1,
        ..PageQuery::default()
    };
    let page = rows.page(&query).expect("a page").to_json().expect("json");
    assert_eq!((&page["rows"][0]["_row"], &page["rows"][0]["resnet.loss"]), (&2.into(), &0.5.into()));
    assert!(RunColumns::of(&OneRun, "vgg", Epoch::Latest).is_err());
}
