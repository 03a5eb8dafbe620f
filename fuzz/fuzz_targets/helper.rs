#![no_main]
libfuzzer_sys::fuzz_target!(|input: &[u8]| iscsiuio::daemon::fuzz::events(input));
