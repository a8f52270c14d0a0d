//! Files that are odd as a whole: one long line, very many columns, no rows.

use std::fs::{self, File};
use std::io::{BufWriter, Write};

use harness::{Home, binaries, source};

/// Bytes of the JSON on one line.
const LINE_LEN: usize = 128 << 20;
/// The most memory that a command may use for it, in KiB.
const MEMORY_MAX_KIB: u64 = 200 << 10;

#[test]
fn a_json_of_one_very_long_line_is_edited_without_being_held_in_memory() {
    let home = Home::new();
    fs::create_dir(home.join("src")).expect("a new folder");
    let mut file = BufWriter::new(File::create(home.join("src/coco.json")).expect("a new file"));
    let mut write = |text: &str| file.write_all(text.as_bytes()).expect("the disk has room");
    write(
        "{\"images\": [{\"id\": 1, \"file_name\": \"a.png\"}], \"categories\": [{\"id\": 1, \"name\": \"a\"}], \"info\": \"",
    );
    let filler = "x".repeat(1 << 20);
    (0..LINE_LEN >> 20).for_each(|_| write(&filler));
    write("\", \"annotations\": [{\"id\": 7, \"image_id\": 1, \"category_id\": 1, \"bbox\": [1, 2, 3, 4]}]}");
    file.flush().expect("the disk has room");
    drop(file);
    home.ok("import d src");
    for (line, said) in [
        ("tables d", "coco.annotations"),
        ("set d annotations --key 7 bbox=[9,8,7,6]", ""),
        ("rows d annotations --draft --format csv", "[9.0,8.0,7.0,6.0]"),
    ] {
        let (told, memory_kib) = home.ok_within(line);
        assert!(told.contains(said), "`{line}`: {told}");
        assert!(memory_kib < MEMORY_MAX_KIB, "`{line}` took {memory_kib} KiB");
    }
    let (text, memory_kib) = home.ok_within("cat d coco.json --draft");
    assert!(text.ends_with("\"bbox\": [9, 8, 7, 6]}]}") && text.len() > LINE_LEN, "{}", &text[text.len() - 60..]);
    assert!(memory_kib < MEMORY_MAX_KIB, "it took {memory_kib} KiB");
}

#[test]
fn one_of_very_many_rows_is_excluded_without_having_the_keys_of_all_in_memory() {
    let home = Home::new();
    fs::create_dir(home.join("src")).expect("a new folder");
    let mut file = BufWriter::new(File::create(home.join("src/long.csv")).expect("a new file"));
    file.write_all(b"n,m\n").expect("the disk has room");
    for row in 0..1_500_000 {
        writeln!(file, "{row},x").expect("the disk has room");
    }
    file.flush().expect("the disk has room");
    drop(file);
    home.ok("import d src");
    home.ok("tables d");
    for line in ["exclude d --key 1234567", "include d --key 1234567", "set d samples --key 7 excluded=true"] {
        let (_, memory_kib) = home.ok_within(line);
        assert!(memory_kib < MEMORY_MAX_KIB, "`{line}` took {memory_kib} KiB");
    }
    assert_eq!(home.run("exclude d --key 1500000").code, Some(3));
    assert_eq!(home.run("exclude d --key 07").code, Some(3));
}

#[test]
fn a_csv_of_5000_columns_is_edited_in_one_field() {
    let columns = 5000;
    let line = |row: usize| (0..columns).map(|at| format!("{}", row * at % 97)).collect::<Vec<_>>().join(",") + "\n";
    let header = (0..columns).map(|at| format!("c{at}")).collect::<Vec<_>>().join(",") + "\n";
    let rows: Vec<String> = (0..20).map(line).collect();
    let home = Home::with(&source! { "wide.csv": (header.clone() + &rows.concat()).into_bytes() });
    let tables = home.json("tables d");
    assert_eq!((tables[0]["columns"].as_array().map(Vec::len), &tables[0]["rows"]), (Some(columns), &20.into()));
    home.ok("set d wide --key 13 c4999=1000");
    let mut wanted = rows;
    let (kept, _) = wanted[13].rsplit_once(',').expect("fields");
    wanted[13] = format!("{kept},1000\n");
    assert_eq!(home.ok("cat d wide.csv --draft"), header + &wanted.concat());
    let told = home.json("rows d wide --where 'c4999 = 1000' --keys --columns c0,c4999 --draft");
    assert_eq!(told, serde_json::json!([{"key": "13", "c0": 0, "c4999": 1000}]));
}

#[test]
fn parquet_with_no_rows_and_with_every_index_is_edited_by_command() {
    let seeds = binaries::workspace().join("fuzz/seeds/parquet");
    let home = Home::new();
    fs::create_dir(home.join("src")).expect("a new folder");
    for name in ["empty", "dictionary", "bloom"] {
        let name = format!("{name}.parquet");
        fs::copy(seeds.join(&name), home.join("src").join(&name)).expect("a seed of the fuzzer");
    }
    home.ok("import d src");
    home.ok("insert d empty id=7 label=first");
    home.ok("set d dictionary --key 1 label=train x=9.5");
    home.ok("set d bloom --where 'id = 4' label=tram");
    let rows = |line: &str| home.json(&format!("rows d {line} --columns id,label --draft"));
    assert_eq!(rows("empty"), serde_json::json!([{"id": 7, "label": "first"}]));
    assert_eq!(rows("dictionary --where 'x = 9.5'"), serde_json::json!([{"id": 1, "label": "train"}]));
    assert_eq!(rows("bloom --where id=4"), serde_json::json!([{"id": 4, "label": "tram"}]));
}

#[test]
fn a_file_that_is_no_table_though_its_name_says_so_is_told_with_the_reason() {
    let home = Home::with(&source! {
        "few.csv": "a,b\n1,2\n3\n",
        "none.jsonl": "{\"a\": \n",
        "some.jsonl": "{\"a\": 1}\n{\"a\": }\n{\"a\": 3}\n"
    });
    let told = home.run("tables d");
    for line in [
        "few.csv is no table: 1 field where other lines have 2, in line 3, column 1",
        "none.jsonl is no table: EOF while parsing a value, in line 1, column 6",
        "some is partial: some.jsonl, line 2, byte 7: expected value",
    ] {
        assert!(told.stderr.contains(line), "{line}: {}", told.stderr);
    }
    assert_eq!(home.json("tables d")[0]["table"], "some");
    home.ok("tables d --format few.csv=csv");
    let told = home.run("tables d");
    assert!(told.stderr.contains("few is partial: few.csv, line 3"), "{}", told.stderr);
}

#[test]
fn whole_numbers_of_any_size_keep_their_digits_and_are_edited_exactly() {
    const LONG: &str = "123456789012345678901234567890";
    let files = [
        ("t.csv", format!("id,x\n18446744073709551615,{LONG}\n77,-{LONG}\n")),
        ("lines.jsonl", format!("{{\"id\": 18446744073709551615, \"x\": [{LONG}]}}\n{{\"id\": 77, \"x\": [2]}}\n")),
        ("list.json", format!("[{{\"n\": 18446744073709551615, \"x\": [{LONG}]}},\n{{\"n\": 77, \"x\": [2]}}]\n")),
    ];
    let home = Home::new();
    fs::create_dir(home.join("src")).expect("a new folder");
    files.iter().for_each(|(path, text)| fs::write(home.join("src").join(path), text).expect("a new file"));
    home.ok("import d src");
    let service = harness::service::Service::start(&home);
    for (path, text) in &files {
        let (table, id) = (path.split('.').next().expect("a name"), if *path == "list.json" { "n" } else { "id" });
        let shown = || home.ok(&format!("cat d {path} --draft"));
        home.ok(&format!("set d {table} --key 0 {id}=18446744073709551614"));
        let once = text.replace("18446744073709551615", "18446744073709551614");
        assert_eq!(shown(), once, "the last digit is another one");
        let told = home.json("diff d --rows");
        assert!(told.to_string().contains("18446744073709551615"), "{told}");
        home.ok(&format!("set d {table} --key 1 {id}={LONG}1"));
        assert_eq!(shown(), once.replace("77", &format!("{LONG}1")));
        home.ok("undo d");
        assert_eq!(shown(), once);
        home.ok("undo d");
        let body =
            serde_json::json!({"edits": [{"kind": "set", "table": table, "keys": ["0"], "cells": {id: u64::MAX - 2}}]});
        let (status, told) = service.ask("POST", "/v1/datasets/d/drafts/main/edits?author=ada", Some(&body));
        assert_eq!(status, 200, "{told}");
        assert_eq!(shown(), text.replace("18446744073709551615", "18446744073709551613"));
        home.ok("undo d");
    }
    home.ok("set d lines --key 0 'x=[18446744073709551614,1]'");
    assert_eq!(home.ok("cat d lines.jsonl --draft"), files[1].1.replace(LONG, "18446744073709551614, 1"));
}

#[test]
fn a_column_of_json_text_is_compared_with_numbers_and_takes_json_as_it_is() {
    let lines =
        "{\"n\": 1}\n{\"n\": 5}\n{\"n\": 18446744073709551617}\n{\"n\": 2.5}\n{\"n\": \"word\"}\n{\"n\": null}\n";
    let home = Home::with(&source! { "lines.jsonl": lines, "t.csv": "id,meta\n1,x\n2,y\n" });
    for (condition, keys) in [
        ("n > 3", "1 2"),
        ("3 >= n", "0 3"),
        ("n = 5", "1"),
        ("n <> 5", "0 2 3"),
        ("n = 2.5", "3"),
        ("n BETWEEN 1 AND 5", "0 1 3"),
        ("n IN (1, 5)", "0 1"),
        ("NOT n IN (1, 5)", "2 3"),
        ("n < -1", ""),
    ] {
        let rows = home.json(&format!("rows d lines --keys --where '{condition}'"));
        let found: Vec<&str> =
            rows.as_array().expect("a list").iter().map(|row| row["key"].as_str().expect("a key")).collect();
        assert_eq!(found.join(" "), keys, "{condition}: {rows}");
    }
    home.ok("set d lines --where 'n = 1' n=7");
    home.ok("set d lines --key 1 'n={\"a\": [1.50]}'");
    home.ok("set d lines --key 3 'n=\"text\"'");
    let expected = lines.replace("1}\n{\"n\": 5", "7}\n{\"n\": {\"a\": [1.5]}").replace("2.5", "\"text\"");
    assert_eq!(home.ok("cat d lines.jsonl --draft"), expected);
    home.ok("set d t --key 0 'meta={\"a\": 1}'");
    home.ok("set d t --key 1 'meta=[1, 2]'");
    assert_eq!(home.ok("cat d t.csv --draft"), "id,meta\n1,\"{\"\"a\"\": 1}\"\n2,\"[1, 2]\"\n");
}

#[test]
fn a_file_that_was_cut_off_is_no_table_by_name_and_all_others_are() {
    let home = Home::new();
    home.source("src", &source! { "good.csv": "id,x\n1,2\n" });
    home.ok("import d src");
    let written = home.command(["rows", "d", "good", "--format", "arrow-file"]).output().expect("it runs").stdout;
    let parquet = home.command(["rows", "d", "good", "--format", "parquet"]).output().expect("it runs").stdout;
    for (name, bytes) in [("cut.arrow", &written), ("cut.parquet", &parquet)] {
        home.file(name, &bytes[..bytes.len() - 20]);
        home.ok(&format!("put d {name} {name}"));
    }
    let ran = home.run("tables d --draft");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    for name in ["cut.arrow", "cut.parquet"] {
        let is_told = |text: &str| text.lines().any(|line| line.contains(name.split('.').next().unwrap_or(name)));
        assert!(is_told(&ran.stdout) || is_told(&ran.stderr), "{name}: {} {}", ran.stdout, ran.stderr);
    }
    assert!(ran.stdout.contains("good") && !ran.stderr.contains("fsck"), "{}", ran.stderr);
    assert_eq!(home.json("rows d samples --draft").as_array().map(Vec::len), Some(1));
}

#[test]
fn a_table_in_a_folder_of_a_partition_is_edited_by_its_path() {
    let home = Home::new();
    let file = "id,split\n1,a\n2,b\n";
    home.source("src", &source! { "split=train/part-0.csv": file, "split=test/part-0.csv": file });
    home.ok("import d src");
    home.ok("set d split=train/part-0.csv --key 0 split=c");
    home.ok("insert d split=train/part-0.csv id=3 split=d");
    home.file("from.csv", "key,split\n1,e\n");
    home.ok("set d split=train/part-0.csv --from from.csv");
    assert_eq!(home.ok("cat d split=train/part-0.csv --draft"), "id,split\n1,c\n2,e\n3,d\n");
    assert_eq!(home.ok("cat d split=test/part-0.csv --draft"), file);
    let told = home.ok("diff d --rows");
    assert!(told.contains("set     part-0 0 split"), "{told}");
    home.ok("set d split=test/part-0.csv --key 0 split=c");
    let told = home.ok("diff d --rows");
    assert!(told.contains("part-0 0 split in split=test/part-0.csv"), "{told}");
}

#[test]
fn nested_json_of_several_kinds_takes_text_as_text_and_is_compared_by_its_meaning() {
    let talk = |text: &str| format!("[{{\"role\": \"user\", \"content\": {text}}}]");
    let lines = format!(
        "{{\"id\": 1, \"messages\": {}, \"loss\": NaN}}\n{{\"id\": 2, \"messages\": {}, \"loss\": 0.5}}\n",
        talk("\"7 * 8?\""),
        talk("[{\"type\": \"text\", \"text\": \"q\"}]")
    );
    let home = Home::with(&source! { "chat.jsonl": lines.as_str() });
    assert_eq!(home.json("tables d")[0]["rows"], 2);
    home.ok("set d chat --key 0 'messages=[{\"role\":\"user\",\"content\":\"7\"}]'");
    assert_eq!(home.ok("cat d chat.jsonl --draft"), lines.replace("7 * 8?", "7"));
    home.ok("undo d");
    let rows = home.json("rows d chat --keys");
    let lines_of_rows: String = rows.as_array().expect("a list").iter().map(|row| format!("{row}\n")).collect();
    fs::write(home.join("rows.jsonl"), lines_of_rows).expect("a new file");
    home.ok("set d chat --from rows.jsonl");
    assert_eq!(home.ok("cat d chat.jsonl --draft"), lines, "what was shown is what is there");
    fs::write(home.join("compact.jsonl"), lines.replace(' ', "").replace("7*8", "7 * 8")).expect("a new file");
    home.ok("put d chat.jsonl compact.jsonl");
    let told = home.json("diff d --rows").to_string();
    assert!(!told.contains("messages"), "{told}");
}

#[test]
fn what_delimited_files_have_besides_rows_is_kept_and_numbers_beyond_64_bits_are_refused() {
    let glue = "id\tx\ttext\n1\t0.5\tHe said .\n2\t1.5\t\"Unbalanced\n3\t2.5\tin between\n";
    let excel = "sep=;\r\nid;name\r\n1;a\r\n";
    let comments = "# made by a tool\nid,name\n1,a\n";
    let counted = "2,2,ill,well\n0.5,1,0\n0.25,2,1\n";
    let home = Home::with(&source! {
        "glue.tsv": glue, "excel.csv": excel, "comments.csv": comments, "counted.csv": counted,
    });
    let tables = home.json("tables d").to_string();
    assert!(tables.contains("no quotes") && tables.contains("after 1 line that is no row"), "{tables}");
    home.ok("delete d glue --key 1");
    home.ok("set d glue --key 0 x=7");
    let edited = glue.replace("2\t1.5\t\"Unbalanced\n", "").replace("1\t0.5", "1\t7.0");
    assert_eq!(home.ok("cat d glue.tsv --draft"), edited);
    let ran = home.run("set d glue --key 0 x=1e400");
    assert!(ran.code != Some(0) && ran.stderr.contains("beyond what a number of 64 bits holds"), "{}", ran.stderr);
    for (table, set, text, edited) in [
        ("excel", "--key 0 name=b", excel, excel.replace("1;a", "1;b")),
        ("comments", "--key 0 name=b", comments, comments.replace("1,a", "1,b")),
        ("counted", "--key 1 column_3=0", counted, counted.replace("2,1", "2,0")),
    ] {
        assert_eq!(home.ok(&format!("cat d {table}.csv")), text);
        home.ok(&format!("set d {table} {set}"));
        assert_eq!(home.ok(&format!("cat d {table}.csv --draft")), edited);
    }
}

#[test]
fn what_python_s_json_writes_is_set_within_lists_and_objects() {
    let lines = "{\"v\": {\"x\": 1.5}, \"l\": [NaN]}\n{\"v\": {\"x\": -Infinity}, \"l\": [2.5]}\n";
    let plain = "{\"v\": {\"x\": 1.5}}\n";
    let home = Home::with(&source! { "odd.jsonl": lines, "plain.jsonl": plain });
    home.ok("set d odd --key 0 'v={\"x\": NaN}' 'l=[Infinity, 1]'");
    home.file("cells.csv", "key,l\n1,\"[-Infinity, NaN]\"\n");
    home.ok("set d odd --from cells.csv");
    let edited = lines.replace("1.5", "NaN").replace("[NaN]", "[Infinity, 1.0]").replace("[2.5]", "[-Infinity, NaN]");
    assert_eq!(home.ok("cat d odd.jsonl --draft"), edited);
    let ran = home.run("set d plain --key 0 'v={\"x\":NaN}'");
    assert!(ran.code == Some(2) && ran.stderr.contains("JSON has no NaN"), "{}", ran.stderr);
    let printed = home.command(["rows", "d", "odd", "--columns", "l", "--format", "parquet"]).output();
    home.file("l.parquet", printed.expect("it runs").stdout);
    home.ok("put d l.parquet l.parquet");
    home.ok("set d l --key 1 l=[NaN]");
    assert!(home.ok("rows d l --draft --format csv").ends_with("NaN\"\"]\"\n"), "a list of NaN");
}

#[test]
fn truth_as_python_spells_it_is_taken_in_every_format() {
    let coco = "{\"images\": [{\"id\": 1, \"file_name\": \"a.png\", \"ok\": true}], \"annotations\": []}";
    let home = Home::with(&source! {
        "a.csv": "ok\nTRUE\n", "b.jsonl": "{\"ok\": true}\n", "c.json": "[{\"ok\": true}]", "coco.json": coco,
    });
    for format in ["parquet", "arrow-file"] {
        let printed = home.command(["rows", "d", "b", "--format", format]).output();
        home.file("flags", printed.expect("it runs").stdout);
        let name = if format == "parquet" { "d.parquet" } else { "e.arrow" };
        home.ok(&format!("put d {name} flags"));
    }
    for (table, key) in [("a", "0"), ("b", "0"), ("c", "0"), ("images", "1"), ("d", "0"), ("e", "0")] {
        home.ok(&format!("set d {table} --key {key} ok=False"));
        assert_eq!(home.json(&format!("rows d {table} --draft"))[0]["ok"], false, "{table}");
        home.file("flags.csv", format!("key,ok\n{key},True\n"));
        home.ok(&format!("set d {table} --from flags.csv"));
        assert_eq!(home.json(&format!("rows d {table} --draft"))[0]["ok"], true, "{table}");
        let ran = home.run(&format!("set d {table} --key {key} ok=maybe"));
        assert_eq!(ran.code, Some(2), "{table}: {}", ran.stderr);
    }
    assert_eq!(home.ok("cat d a.csv --draft"), "ok\nTRUE\n");
    home.ok("set d samples --key a.png excluded=True");
}

#[test]
fn json_that_differs_in_the_order_of_its_members_alone_is_no_change() {
    let line = |id: u32, m: &str, s: &str| format!("{{\"id\": {id}, \"m\": {m}, \"s\": {s}}}\n");
    let lines = [
        line(1, "{\"b\": [{\"z\": 1, \"y\": 2}], \"a\": 1}", "{\"q\": 1, \"p\": 2}"),
        line(2, "\"text\"", "{\"q\": 3, \"p\": 4}"),
        line(3, "{\"d\": 1, \"c\": 2}", "{\"q\": 5}"),
    ]
    .concat();
    let sorted = [
        line(1, "{\"a\": 1, \"b\": [{\"y\": 2, \"z\": 1}]}", "{\"p\": 2, \"q\": 1}"),
        line(2, "\"text\"", "{\"p\": 4, \"q\": 3}"),
        line(3, "{\"c\": 2, \"d\": 1}", "{\"q\": 5}"),
    ]
    .concat();
    let home = Home::with(&source! { "t.jsonl": lines.as_str() });
    home.file("sorted.jsonl", &sorted);
    home.ok("put d t.jsonl sorted.jsonl");
    let told = home.json("diff d --rows");
    let what: Vec<&str> = told.as_array().expect("a list").iter().filter_map(|row| row["change"].as_str()).collect();
    assert_eq!(what, ["reformatted"]);
    home.file("sorted.jsonl", sorted.replace("\"y\": 2", "\"y\": 3"));
    home.ok("put d t.jsonl sorted.jsonl");
    let told = home.json("diff d --rows");
    let told: Vec<&str> = told.as_array().expect("a list").iter().filter_map(|row| row["column"].as_str()).collect();
    assert_eq!(told, ["m"]);
    home.ok("discard d");
    home.ok("set d t --key 0 'm={\"a\":1,\"b\":[{\"y\":2,\"z\":1}]}'");
    assert_eq!(home.ok("cat d t.jsonl --draft"), lines, "it is so already");
    home.ok("set d t --key 2 m=7");
    home.ok("commit d -m seven");
    fs::write(home.join("src/t.jsonl"), &sorted).expect("the source is there");
    let ran = home.run("refresh d");
    assert!(ran.code == Some(0) && !ran.stderr.contains("other values"), "{}{}", ran.stdout, ran.stderr);
    assert_eq!(home.ok("cat d t.jsonl"), sorted.replace("{\"c\": 2, \"d\": 1}", "7"));
}

#[test]
fn quotes_that_come_late_are_letters_where_the_lines_around_them_say_so() {
    let plain: String =
        (0..3000).map(|row| format!("nothing but a sentence of some words, {row}\t{}\n", row % 2)).collect();
    let late = "\"a quote\" begins it\t1\n\"one is open\t0\nbetween\t1\n\"and closed\"\t0\n";
    let bare = format!("sentence\tlabel\n{plain}{late}{plain}");
    let open = format!("sentence\tlabel\n{plain}\"open\t0\n{plain}");
    let quoted = format!("sentence\tlabel\n{plain}\"a tab\there, and \"\"quotes\"\"\"\t1\n\"two\nlines\"\t1\n{plain}");
    let headed = format!("\"sentence\"\t\"label\"\n{plain}\"two\nlines\"\t1\n{plain}");
    let short: String = (0..600).map(|row| format!("{row}\t0\n")).collect();
    let short = format!("sentence\tlabel\n{short}{late}{short}");
    // The row of the quote is the one in which the part ends by which the format is told.
    let long: String = (0..400).map(|row| format!("{row:->160}\t0\n")).collect();
    let cut = format!("sentence\tlabel\n{long}\"{:->400}\t0\n{long}", "open");
    let letters = bare.replace("words", "wörter 🦝");
    let wide: Vec<u8> = [0xfeff].into_iter().chain(letters.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let home = Home::with(&source! {
        "bare.tsv": bare.as_str(), "open.tsv": open.as_str(), "quoted.tsv": quoted.as_str(), "short.tsv": short.as_str(),
        "cut.tsv": cut.as_str(), "headed.tsv": headed.as_str(), "letters.tsv": letters.as_str(), "wide.tsv": wide,
    });
    let tables = home.json("tables d");
    let rows = |name: &str| {
        let table = tables.as_array().expect("a list").iter().find(|table| table["table"] == name).expect("a table");
        assert_eq!(table["problem"], serde_json::Value::Null, "{table}");
        table["rows"].clone()
    };
    assert_eq!(
        (rows("bare"), rows("open"), rows("quoted"), rows("short")),
        (6004.into(), 6001.into(), 6002.into(), 1204.into())
    );
    assert_eq!((rows("cut"), rows("letters"), rows("wide")), (801.into(), 6004.into(), 6004.into()));
    assert_eq!(rows("headed"), 6001);
    assert_eq!(home.json("rows d bare")[3001]["sentence"], "\"one is open");
    home.ok("set d bare --key 3001 'sentence=\"still open'");
    assert_eq!(home.ok("cat d bare.tsv --draft"), bare.replace("one is open", "still open"));
    let ran = home.run("set d bare --key 3001 'sentence=two\nlines'");
    assert!(ran.code == Some(2) && ran.stderr.contains("the file has no quotes"), "{}", ran.stderr);
    assert_eq!(home.json("rows d quoted")[3000]["sentence"], "a tab\there, and \"quotes\"");
}

#[test]
fn a_file_of_one_column_is_a_table_of_quoted_texts_or_of_times() {
    let texts = "text\n\"I came, I saw: I won.\"\n\"Yes; a \"\"no\"\".\"\n";
    let times = "at\n2024-01-01 10:00:00\n2024-01-02 11:30:00\n";
    let home = Home::with(&source! { "texts.csv": texts, "times.csv": times });
    assert_eq!(home.json("rows d texts")[1]["text"], "Yes; a \"no\".");
    home.ok("set d texts --key 0 text=Hello");
    assert_eq!(home.ok("cat d texts.csv --draft"), texts.replace("I came, I saw: I won.", "Hello"));
    assert_eq!(home.json("rows d times")[1], serde_json::json!({"at": "2024-01-02T11:30:00"}));
    home.ok("set d times --key 0 at=2024-02-03T04:05:06");
    assert_eq!(home.ok("cat d times.csv --draft"), times.replace("2024-01-01 10:00:00", "2024-02-03 04:05:06"));
}

#[test]
fn what_is_said_of_a_delimited_file_goes_before_what_was_found() {
    let text = "name,0.1,0.9\nA,1,NA\nB,2,\u{e9}\n";
    let bytes: Vec<u8> = text.chars().map(|letter| u8::try_from(letter).expect("Latin-1")).collect();
    let home = Home::with(&source! { "t.csv": bytes });
    assert_eq!(home.json("rows d t").as_array().map(Vec::len), Some(3), "the first line is taken for a row");
    home.ok("tables d --format t.csv=csv:header:null-NA:windows-1252");
    let rows = home.json("rows d t");
    assert_eq!((&rows[0]["0.1"], &rows[0]["0.9"]), (&1.into(), &serde_json::Value::Null));
    home.ok("set d t --key 1 0.9=€");
    assert!(home.ok("tables d").contains("Windows-1252") || home.run("cat d t.csv --draft").code == Some(0));
    let ran = home.run("tables d --format t.csv=csv:head");
    assert!(ran.code == Some(2) && ran.stderr.contains("no-header"), "{}", ran.stderr);
}

#[test]
fn numbers_beside_a_name_are_a_header_and_rows_of_numbers_are_none() {
    let years = "country,2019,2020\nFrance,1.5,2.5\nSpain,3.5,4.5\n";
    let pandas = ",0,1,2\n0,5,2,9\n1,7,4,8\n";
    let home = Home::with(&source! {
        "months.csv": "path,2021-01,2021-02\na.jpg,1,2\nb.jpg,3,4\n", "index.csv": ",2019,Text\n0,5,a\n1,7,b\n",
        "years.csv": years, "pandas.csv": pandas, "bare.csv": "5,3,0\n4,9,255\n", "named.csv": "cat,1,2\ndog,3,4\n",
    });
    home.ok("set d years --key 1 2020=7.5");
    assert_eq!(home.ok("cat d years.csv --draft"), years.replace("4.5", "7.5"));
    assert_eq!(home.json("rows d pandas")[1]["2"], 8);
    assert_eq!(home.json("rows d months")[1]["2021-01"], 3);
    assert_eq!(home.json("rows d index")[1]["Text"], "b");
    assert_eq!(home.json("rows d bare")[0]["column_3"], 0);
    assert_eq!(home.json("rows d named")[0]["column_1"], "cat");
}
