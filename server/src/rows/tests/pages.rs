//! Pages beside what the core's own query gives of the same rows.

use arrow::array::AsArray;
use arrow::datatypes::UInt32Type;
use arrow::record_batch::RecordBatch;
use proptest::prelude::*;
use veneer::dataset::View;
use veneer::dataset::rows::RowQuery;
use veneer::model::Value;
use veneer::table::expr::{Expr, Order};
use veneer::table::{Flow, arrow_value};

use crate::rows::testing::{World, awkward};
use crate::rows::{KEY, Page, PageQuery, ROW};

const ROWS: usize = 2_345;

/// The cells of all rows, with their keys, as the core finds them.
fn reference(view: &View, condition: Option<&str>, order: Option<&str>, columns: &str) -> Vec<Vec<Value>> {
    let query = RowQuery {
        condition: condition.map(|text| Expr::parse(text).expect("an expression")),
        columns: Some(columns.to_owned()),
        order: order.map(|text| Order::parse(text).expect("an order")),
        limit: None,
        with_keys: true,
    };
    let mut rows = Vec::new();
    let table = view.table(Some("things")).expect("a table");
    let mut sink = |_: &arrow::datatypes::SchemaRef, batch: Option<RecordBatch>| {
        rows.extend(batch.iter().flat_map(cells));
        Ok(Flow::More)
    };
    view.query_rows(&table, &query, &mut sink).expect("rows");
    rows
}

fn cells(batch: &RecordBatch) -> Vec<Vec<Value>> {
    let columns: Vec<Vec<Value>> =
        batch.columns().iter().map(|column| arrow_value::values(column).expect("values")).collect();
    (0..batch.num_rows()).map(|row| columns.iter().map(|column| column[row].clone()).collect()).collect()
}

/// The same of a page, without the places of its rows.
fn cells_of(page: &Page) -> Vec<Vec<Value>> {
    let at = page.batch.schema().index_of(ROW).expect("places");
    let others: Vec<usize> = (0..page.batch.num_columns()).filter(|column| *column != at).collect();
    cells(&page.batch.project(&others).expect("columns"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_page_is_a_part_of_what_the_core_finds(
        seed in 0u64..1_000,
        condition in prop::option::of(prop::sample::select(vec![
            "n > 3", "label = 'cat' OR flag", "score > 10 AND label <> 'dog'", "length(label) = 3", "false", "score IS NULL",
        ])),
        order in prop::option::of(prop::sample::select(vec![
            "score", "score DESC", "label, n DESC", "flag DESC NULLS LAST, label", "n % 5, score", "lower(label), n",
            "made_at DESC", "x + n", "name",
        ])),
        offset in 0usize..2_500,
        limit in 0usize..400,
        is_warm: bool,
    ) {
        let batch = awkward(ROWS, seed);
        let world = World::of(&batch);
        let rows = world.rows();
        if is_warm {
            rows.batch(&["n", "label", "score"]).expect("columns");
        }
        let (condition_text, order_text) = (condition.map(str::to_owned), order.map(str::to_owned));
        let query = PageQuery { condition: condition_text, order: order_text, columns: Some("n,label,score".into()), offset, limit };
        let page = rows.page(&query).expect("a page");
        let all = reference(&world.view(), condition, order, "n,label,score");
        prop_assert_eq!((page.matched, page.total), (all.len(), ROWS));
        let expected: Vec<_> = all.into_iter().skip(offset).take(limit).collect();
        prop_assert_eq!(cells_of(&page), expected);
        let places = page.batch.column_by_name(ROW).expect("places").as_primitive::<UInt32Type>();
        let keys = page.batch.column_by_name(KEY).expect("keys").as_string::<i32>();
        prop_assert!((0..places.len()).all(|row| places.value(row).to_string() == keys.value(row)));
    }
}

#[test]
fn a_page_as_json_tells_all_that_a_grid_needs() {
    let world = World::of_file("things.csv", |path| {
        std::fs::write(path, "id,label,score\n7,cat,1.5\n8,,inf\n9,dog,\n").expect("written")
    });
    let query = PageQuery { order: Some("id DESC".into()), limit: 2, offset: 1, ..PageQuery::default() };
    let page = world.rows().page(&query).expect("a page").to_json().expect("json");
    let expected = serde_json::json!({
        "matched": 3, "total": 3,
        "rows": [
            {"_key": "1", "_row": 1, "id": 8, "label": null, "score": "inf"},
            {"_key": "0", "_row": 0, "id": 7, "label": "cat", "score": 1.5},
        ],
        "schema": [
            {"name": "_key", "type": "Utf8"}, {"name": "_row", "type": "UInt32"}, {"name": "id", "type": "Int64"},
            {"name": "label", "type": "Utf8"}, {"name": "score", "type": "Float64"},
        ],
    });
    assert_eq!(page, expected);
}

#[test]
fn a_small_memory_gives_the_same_pages() {
    let batch = awkward(ROWS, 9);
    let mut world = World::of(&batch);
    let query = PageQuery { order: Some("name".into()), limit: 50, offset: 1_000, ..PageQuery::default() };
    let expected = cells_of(&world.rows().page(&query).expect("a page"));
    world.store = std::sync::Arc::new(crate::rows::ColumnStore::new(10_000));
    assert_eq!(cells_of(&world.rows().page(&query).expect("a page")), expected);
    assert!(world.store.shelf.bytes() <= 10_000);
}
