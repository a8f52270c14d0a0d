//! The target `parquet` for cargo-fuzz.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    veneer_fuzz::target("parquet").expect("it is in the list").run(bytes);
});
