#![no_main]
libfuzzer_sys::fuzz_target!(|input: &[u8]| driver_sys::uip::fuzz::control(input));
