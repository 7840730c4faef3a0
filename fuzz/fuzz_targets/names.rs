#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| seedfs_fuzz::names::run(data));
