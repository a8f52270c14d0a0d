//! Files that are parts of one table of names of images: their columns are one where they can be.

use super::samples::{rows, samples};
use super::*;

#[test]
fn tables_that_are_parts_of_one_have_the_same_columns_and_others_their_own() {
    let metadata = |split: &str, n: i64| format!("file_name,label,n\n{split}.png,cat,{n}\n");
    let files = |more: &'static str| {
        let mut files = vec![
            ("test/test.png", "1".to_owned()),
            ("train/train.png", "2".to_owned()),
            ("test/metadata.csv", "file_name,n\ntest.png,1\n".to_owned()),
            ("train/metadata.csv", metadata("train", 2)),
        ];
        if !more.is_empty() {
            files.push(("other/metadata.csv", more.to_owned()));
        }
        files
    };
    let fixture = |files: &[(&'static str, String)]| {
        Fixture::new(&files.iter().map(|(path, text)| (*path, text.as_str())).collect::<Vec<_>>())
    };
    let names = |view: &View| -> Vec<String> {
        let schema = view.table_info(&samples(view)).expect("read").schema;
        schema.columns.into_iter().map(|column| column.name).filter(|name| name.contains('.') || name == "n").collect()
    };
    let parts = fixture(&files(""));
    let view = parts.view("main");
    assert_eq!(names(&view), ["n", "metadata.label"]);
    assert_eq!(rows(&view, "true", &["key", "label", "n"]), ["test/test.png - 1", "train/train.png cat 2"]);
    assert_eq!(rows(&view, "\"metadata.label\" = 'cat'", &["key"]), ["train/train.png"]);
    // What another says of the same images is another column.
    let other = fixture(&files("file_name,n\n../test/test.png,7\n"));
    let view = other.view("main");
    assert_eq!(names(&view), ["n", "metadata.label", "metadata.n"]);
    assert_eq!(rows(&view, "split = 'test'", &["n", "\"metadata.n\""]), ["7 1"]);
    // Whole numbers beside fractions, a label that another file alone says, and labels of two names.
    let mixed = fixture(&[
        ("test/1.png", "1".to_owned()),
        ("train/2.png", "2".to_owned()),
        ("val/3.png", "3".to_owned()),
        ("test/metadata.csv", "file_name,n\n1.png,1\n".to_owned()),
        ("train/metadata.csv", "file_name,n,label\n2.png,2.5,cat\n".to_owned()),
        ("val/metadata.csv", "file_name,n,class\n3.png,3.5,fox\n".to_owned()),
        ("zlabels.csv", "image,label\ntest/1.png,dog\n".to_owned()),
    ]);
    let view = mixed.view("main");
    let told = rows(&view, "true", &["key", "label", "n"]);
    assert_eq!(told, ["test/1.png dog 1.0", "train/2.png cat 2.5", "val/3.png fox 3.5"]);
    // One column that is empty in one file, or text, takes no other along.
    let apart = fixture(&[
        ("train/1.png", "1".to_owned()),
        ("val/2.png", "2".to_owned()),
        ("train/metadata.csv", "file_name,n,text\n1.png,1,foo\n".to_owned()),
        ("val/metadata.csv", "file_name,n,text\n2.png,,bar\n".to_owned()),
    ]);
    let view = apart.view("main");
    assert_eq!(rows(&view, "true", &["n", "text"]), ["1 foo", "- bar"]);
    let splits = fixture(&[
        ("images/a.png", "1".to_owned()),
        ("images/b.png", "2".to_owned()),
        ("train.csv", "image,label,n\nimages/a.png,cat,1\n".to_owned()),
        ("val.csv", "image,label,n\nimages/b.png,dog,2\n".to_owned()),
    ]);
    let view = splits.view("main");
    assert_eq!(rows(&view, "true", &["split", "label", "n"]), ["train cat 1", "val dog 2"]);
}

#[test]
fn samples_with_categories_of_polars_are_written_as_parquet() {
    use arrow::array::{ArrayRef, DictionaryArray, StringViewArray, UInt32Array};
    use arrow::record_batch::RecordBatch;
    let (keys, words) = (UInt32Array::from(vec![0, 1, 0]), StringViewArray::from(vec!["cat", "dog"]));
    let category: ArrayRef = Arc::new(DictionaryArray::new(keys, Arc::new(words)));
    let batch = RecordBatch::try_from_iter([("kind", category)]).expect("a batch");
    let mut bytes = Vec::new();
    let mut writer = arrow::ipc::writer::FileWriter::try_new(&mut bytes, &batch.schema()).expect("a writer");
    writer.write(&batch).and_then(|()| writer.finish()).expect("written");
    drop(writer);
    let fixture = Fixture::new(&[("README", "x")]);
    let mut draft = fixture.draft("main");
    let file = NewFile { content: &mut bytes.as_slice(), mode: None, mtime_ns: None };
    draft.put(&path("t.arrow"), file).expect("put");
    let written = draft.view().samples_parquet().expect("written").expect("there is a table");
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(written));
    let batches: Vec<RecordBatch> = reader
        .and_then(|reader| reader.build())
        .expect("a reader")
        .collect::<std::result::Result<_, _>>()
        .expect("rows");
    let kinds =
        arrow::compute::cast(batches[0].column_by_name("kind").expect("a column"), &arrow::datatypes::DataType::Utf8);
    let kinds = kinds.expect("texts");
    let kinds: Vec<_> = arrow::array::AsArray::as_string::<i32>(&kinds).iter().flatten().collect();
    assert_eq!(kinds, ["cat", "dog", "cat"]);
}
