//! Records: what the stock programs wrote and read is the measure.

mod changes;
mod grammar;
mod written;

use super::*;

fn record(text: impl AsRef<[u8]>) -> Record {
    Record::parse("test", text.as_ref()).expect("a record")
}
