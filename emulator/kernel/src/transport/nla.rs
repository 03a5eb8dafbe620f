//! Attribute lists of the set messages, walked with the kernel's rules.
//!
//! Source: `include/net/netlink.h` (`nla_ok`, `nla_for_each_attr`), `iscsi_if.h` (`iscsi_param_info`,
//! `iscsi_iface_param_info`, `iscsi_flashnode_param_info`).

/// The payloads of the attributes in a list; the walk ends at the first one that does not fit, as the kernel's does.
pub(crate) fn attrs(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = list;
    std::iter::from_fn(move || {
        let len = usize::from(u16::from_ne_bytes([*rest.first()?, *rest.get(1)?]));
        if rest.len() < 4 || len < 4 || len > rest.len() {
            return None;
        }
        let payload = &rest[4..len];
        rest = &rest[len.next_multiple_of(4).min(rest.len())..];
        Some(payload)
    })
}

/// A parameter of SET_CHAP and SET_FLASHNODE_PARAMS: number and value bytes (cut to what is there).
pub(crate) fn param(attr: &[u8]) -> Option<(u16, &[u8])> {
    let head = attr.get(..6)?;
    let len = u32::from_ne_bytes([head[0], head[1], head[2], head[3]]) as usize;
    let value = &attr[6..];
    Some((
        u16::from_ne_bytes([head[4], head[5]]),
        &value[..len.min(value.len())],
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_walked_to_its_first_lie() {
        let mut list = vec![8, 0, 0, 0, 1, 2, 3, 4, 7, 0, 0, 0, 5, 6, 7, 0];
        list.extend([200, 0, 0, 0, 1]);
        let got: Vec<&[u8]> = attrs(&list).collect();
        assert_eq!(got, [&[1u8, 2, 3, 4][..], &[5, 6, 7]]);
        assert_eq!(attrs(&[3, 0, 0, 0]).count(), 0);
        assert_eq!(attrs(&[]).count(), 0);
    }

    #[test]
    fn a_value_is_never_longer_than_its_attribute() {
        let attr = [255, 255, 255, 255, 3, 0, 9];
        assert_eq!(param(&attr), Some((3, &[9u8][..])));
        assert_eq!(param(&attr[..5]), None);
    }
}
