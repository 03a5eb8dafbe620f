#![no_main]
libfuzzer_sys::fuzz_target!(|input: &[u8]| emu_pci::fuzz::client(input));
