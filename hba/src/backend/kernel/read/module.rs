//! What the qla4xxx driver was loaded with, as the kernel shows it.

use driver_sys::sysfs::{Reader, Root};

use super::super::fault;
use crate::error::Result;
use crate::quirks::module::PARAMS;

const DIR: &str = "module/qla4xxx/parameters";

/// Names and values of the parameters that this kernel's driver has; `None` when it is not loaded.
pub(in super::super) fn all(root: &Root) -> Result<Option<Vec<(String, String)>>> {
    let found = root.dir_if_present(DIR);
    let Some(dir) = found.map_err(|e| fault::sysfs(&e, "read the parameters of qla4xxx"))? else {
        return Ok(None);
    };
    let mut reader = Reader::new();
    let mut text = |name: &str| reader.may::<String>(dir.at(""), name).ok().flatten();
    let shown = PARAMS
        .iter()
        .filter_map(|param| Some((param.name.to_owned(), text(param.name)?)));
    Ok(Some(shown.collect()))
}
