//! One small table in every format, read back where there is a reader.

use std::sync::Arc;

use arrow::array::{
    Array, BooleanArray, DictionaryArray, Float64Array, Int64Array, ListArray, StringArray, TimestampMillisecondArray,
};
use arrow::datatypes::{DataType, Float64Type, Int32Type};
use arrow::ipc::reader::{FileReader, StreamReader};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::*;

fn batch() -> RecordBatch {
    let labels: DictionaryArray<Int32Type> = [Some("car"), None, Some("")].into_iter().collect();
    let boxes = ListArray::from_iter_primitive::<Float64Type, _, _>([
        Some(vec![Some(1.0), None, Some(2.5)]),
        None,
        Some(vec![]),
    ]);
    let times = TimestampMillisecondArray::from(vec![Some(1_700_000_000_123), None, Some(0)]).with_timezone("UTC");
    RecordBatch::try_from_iter_with_nullable([
        ("id", Arc::new(Int64Array::from(vec![1, 20, 300])) as Arc<dyn Array>, true),
        ("label", Arc::new(labels), true),
        ("a \"note\"", Arc::new(StringArray::from(vec![Some("x, y"), Some("line\nbreak"), None])), true),
        ("score", Arc::new(Float64Array::from(vec![Some(0.1), Some(f64::NAN), None])), true),
        ("ok", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])), true),
        ("box", Arc::new(boxes), true),
        ("at", Arc::new(times), true),
    ])
    .expect("three rows")
}

/// The schema says plain text where the batch has a dictionary, as a format's does.
fn schema() -> SchemaRef {
    let batch = batch();
    let stored = batch.schema();
    let fields = stored.fields().iter().map(|field| match field.data_type() {
        DataType::Dictionary(..) => field.as_ref().clone().with_data_type(DataType::Utf8),
        _ => field.as_ref().clone(),
    });
    Arc::new(arrow::datatypes::Schema::new(fields.collect::<Vec<_>>()))
}

fn written(format: RowsFormat, batches: Vec<veneer::Result<RecordBatch>>) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    write_rows(format, &schema(), batches.into_iter(), &mut out)?;
    Ok(out)
}

fn text(format: RowsFormat, batches: Vec<RecordBatch>) -> String {
    let batches = batches.into_iter().map(Ok).collect();
    String::from_utf8(written(format, batches).expect("written")).expect("text")
}

#[test]
fn json_is_one_array_of_objects() {
    let row = |text: &str| text.replace('\'', "\"");
    let first = row(
        r#"{'id':1,'label':'car','a \'note\'':'x, y','score':0.1,'ok':true,'box':[1.0,null,2.5],'at':'2023-11-14T22:13:20.123Z'}"#,
    );
    let second = row(r"{'id':20,'label':null,'a \'note\'':'line\nbreak','score':'NaN','ok':null,'box':null,'at':null}");
    let third =
        row(r"{'id':300,'label':'','a \'note\'':null,'score':null,'ok':false,'box':[],'at':'1970-01-01T00:00:00Z'}");
    assert_eq!(text(RowsFormat::Json, vec![batch()]), format!("[{first},{second},{third}]\n"));
    assert_eq!(text(RowsFormat::Json, vec![batch().slice(0, 1), batch().slice(2, 1)]), format!("[{first},{third}]\n"));
    assert_eq!(text(RowsFormat::Json, vec![]), "[]\n");
}

#[test]
fn csv_tells_null_from_an_empty_text_and_has_lists_as_json() {
    let header = "id,label,\"a \"\"note\"\"\",score,ok,box,at\n";
    assert_eq!(
        text(RowsFormat::Csv, vec![batch()]),
        format!(
            "{header}1,car,\"x, y\",0.1,true,\"[1.0,null,2.5]\",2023-11-14T22:13:20.123Z\n\
             20,,\"line\nbreak\",NaN,,,\n300,\"\",,,false,[],1970-01-01T00:00:00Z\n"
        )
    );
    assert_eq!(text(RowsFormat::Csv, vec![]), header);
}

#[test]
fn a_table_is_aligned_by_its_first_rows_and_cuts_long_texts_but_no_number() {
    let long = "much longer than the first row has it, and so cut";
    let rows = |ids: Vec<i64>, notes: Vec<&str>| {
        RecordBatch::try_from_iter([
            ("id", Arc::new(Int64Array::from(ids)) as Arc<dyn Array>),
            ("note", Arc::new(StringArray::from(notes))),
        ])
        .expect("two columns")
    };
    let batches = [rows(vec![1, 20], vec!["a", "naïve\u{1b}"]), rows(vec![1_000_000], vec![long])];
    let mut out = Vec::new();
    write_rows(RowsFormat::Table, &batches[0].schema(), batches.clone().into_iter().map(Ok), &mut out)
        .expect("written");
    let expected = "id  note\n 1  a\n20  naïve\\x1b\n1000000  much lon…\n";
    assert_eq!(String::from_utf8(out).expect("text"), expected);

    let mut out = Vec::new();
    write_rows(RowsFormat::Table, &batches[1].schema(), batches[1..].iter().cloned().map(Ok), &mut out)
        .expect("written");
    let expected = "     id  note\n1000000  much longer than the first row has it, …\n";
    assert_eq!(String::from_utf8(out).expect("text"), expected);
}

#[test]
fn arrow_and_parquet_are_read_back_as_the_schema_says() {
    let whole = stored_as(&schema(), &batch()).expect("a cast of texts");
    let bytes = |format| written(format, vec![Ok(batch().slice(0, 2)), Ok(batch().slice(2, 1))]).expect("written");
    let joined = |batches: Vec<RecordBatch>| arrow::compute::concat_batches(&schema(), &batches).expect("one schema");

    let stream = bytes(RowsFormat::Arrow);
    let stream = StreamReader::try_new(stream.as_slice(), None).expect("a stream").map(|b| b.expect("a batch"));
    assert_eq!(joined(stream.collect()), whole);
    let file = std::io::Cursor::new(bytes(RowsFormat::ArrowFile));
    let file = FileReader::try_new(file, None).expect("a file").map(|batch| batch.expect("a batch"));
    assert_eq!(joined(file.collect()), whole);
    let parquet = bytes::Bytes::from(bytes(RowsFormat::Parquet));
    let reader = ParquetRecordBatchReaderBuilder::try_new(parquet).expect("a file").build().expect("a reader");
    assert_eq!(joined(reader.map(|batch| batch.expect("a batch")).collect()), whole);
}

#[test]
fn json_is_what_the_global_option_means_unless_a_format_is_named() {
    assert_eq!(RowsFormat::or_default(None, true), RowsFormat::Json);
    assert_eq!(RowsFormat::or_default(None, false), RowsFormat::Table);
    assert_eq!(RowsFormat::or_default(Some(RowsFormat::Csv), true), RowsFormat::Csv);
}

#[test]
fn bytes_are_not_for_a_terminal() {
    for format in RowsFormat::value_variants() {
        let refused = check_terminal(*format, true).is_err();
        assert_eq!(refused, format.is_binary(), "{format:?}");
        assert!(check_terminal(*format, false).is_ok(), "{format:?}");
    }
    let failure = check_terminal(RowsFormat::Parquet, true).expect_err("bytes");
    assert_eq!(failure.to_string(), "rows as parquet are bytes that a terminal cannot show");
}

#[test]
fn an_error_of_the_rows_ends_the_output_with_it() {
    let failed = || veneer::Error::corrupt("the file", "it is cut");
    for format in RowsFormat::value_variants() {
        let failure = written(*format, vec![Ok(batch()), Err(failed())]).expect_err("it was told");
        assert_eq!(failure.to_string(), failed().to_string(), "{format:?}");
    }
}

#[test]
fn a_reader_that_has_gone_is_no_failure() {
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }
    for format in RowsFormat::value_variants() {
        let failure =
            write_rows(*format, &schema(), std::iter::once(Ok(batch())), &mut Gone).expect_err("nobody reads");
        assert!(matches!(failure, Failure::PipeClosed), "{format:?}: {failure}");
    }
}
