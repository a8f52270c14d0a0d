//! The target `jsonl` for cargo-fuzz.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    veneer_fuzz::target("jsonl").expect("it is in the list").run(bytes);
});
