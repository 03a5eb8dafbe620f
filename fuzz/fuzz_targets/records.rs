#![no_main]
libfuzzer_sys::fuzz_target!(|input: &[u8]| hba::nodes::fuzz::records(input));
