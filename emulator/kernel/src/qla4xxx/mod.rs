//! What the qla4xxx driver does with a port: its objects, its rules, its errnos.
//!
//! Source: Linux 6.1 `drivers/scsi/qla4xxx` (`ql4_os.c`, `ql4_init.c`, `ql4_bsg.c`, `ql4_attr.c`, `ql4_mbx.c`).

pub(crate) mod acb;
mod acb_table;
pub(crate) mod ddb_states;
mod ddb_table;
pub(crate) mod flashnode;

#[cfg(test)]
mod tests {
    use driver_sys::netlink::params::{FLASHNODE_PARAMS, IFACE_PARAMS, NET_PARAMS};

    use super::acb_table::{Space, rows};
    use super::ddb_table::NUMBERS;

    #[test]
    fn attribute_names_are_those_of_the_parameter_tables() {
        for row in rows().filter(|r| !r.attr.is_empty()) {
            let named = match row.space {
                Space::Net => NET_PARAMS
                    .iter()
                    .find(|p| p.param.raw() == row.param)
                    .and_then(|p| p.attr),
                Space::Iface => IFACE_PARAMS
                    .iter()
                    .find(|p| p.param.raw() == row.param)
                    .and_then(|p| p.attr),
            };
            assert_eq!(named, Some(row.attr));
        }
        for number in NUMBERS {
            let named = FLASHNODE_PARAMS
                .iter()
                .find(|p| p.param.raw() == number.param)
                .and_then(|p| p.attr);
            assert_eq!(named, Some(number.attr));
        }
    }
}
