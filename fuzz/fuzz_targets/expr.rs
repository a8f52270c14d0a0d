//! The target `expr` for cargo-fuzz.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    veneer_fuzz::target("expr").expect("it is in the list").run(bytes);
});
