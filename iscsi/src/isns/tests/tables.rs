//! The tables are complete and say each thing once.

use std::collections::HashSet;

use crate::isns::{Function, Kind, NodeType, PortField, ScnBitmap, Status, Tag};

#[test]
fn every_number_stands_once_and_in_order() {
    let sorted = |numbers: Vec<u32>| numbers.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
    assert!(sorted(Tag::TABLE.iter().map(|(tag, _)| tag.0).collect()));
    assert!(sorted(Status::TABLE.iter().map(|(status, _)| status.0).collect()));
    assert!(sorted(Function::TABLE.iter().map(|(f, _)| f.0.into()).collect()));
    let names: HashSet<&str> = Tag::TABLE.iter().map(|(_, row)| row.name).collect();
    assert_eq!(names.len(), Tag::TABLE.len());
    // RFC 4171 section 5.4 names 0 to 23 but for 4.
    assert_eq!(Status::TABLE.len(), 23);
    assert!(Status::TABLE.iter().all(|(_, row)| !row.meaning.is_empty()));
}

#[test]
fn lengths_follow_from_kinds() {
    for (tag, row) in Tag::TABLE {
        assert!(
            row.fits(0) && !row.fits(row.max.saturating_add(1)) && row.min <= row.max,
            "{tag:?}"
        );
        let fixed = match row.kind {
            Kind::Nothing => Some(0),
            Kind::Number => Some(4),
            Kind::Long => Some(8),
            Kind::Address => Some(16),
            Kind::Text | Kind::Opaque => None,
        };
        assert!(
            fixed.is_none_or(|len| (row.min, row.max) == (len, len)),
            "{tag:?}"
        );
    }
}

#[test]
fn unknown_numbers_are_kept_and_shown() {
    assert_eq!(Function(0x8002).to_string(), "DevAttrQryRsp");
    assert_eq!(Function(0x8123).to_string(), "function 0x0123Rsp");
    assert_eq!(Status(24).to_string(), "status 24");
    assert_eq!(Tag(4711).to_string(), "attribute 4711");
    assert!(Status(8).to_string().starts_with("Source Unauthorized (8): "));
    assert_eq!(format!("{:?} {:?}", Tag::PG_TAG, Tag(4711)), "PG_TAG Tag(4711)");
}

/// RFC 4171 sections 6.3.2, 6.4.2 and 6.4.4 count bits from the most significant one.
#[test]
fn bits_stand_where_the_rfc_counts_them() {
    let bit = |n: u32| 1 << (31 - n);
    for (flag, n) in [
        (ScnBitmap::INITIATORS_AND_SELF, 24),
        (ScnBitmap::TARGETS_AND_SELF, 25),
        (ScnBitmap::MANAGEMENT, 26),
        (ScnBitmap::REMOVED, 27),
        (ScnBitmap::ADDED, 28),
        (ScnBitmap::UPDATED, 29),
        (ScnBitmap::MEMBER_REMOVED, 30),
        (ScnBitmap::MEMBER_ADDED, 31),
    ] {
        assert_eq!(flag.bits(), bit(n), "{flag:?}");
    }
    assert_eq!(NodeType::CONTROL.bits(), bit(29));
    assert_eq!(NodeType::INITIATOR.bits(), bit(30));
    assert_eq!(NodeType::TARGET.bits(), bit(31));
    let udp = PortField {
        port: 3205,
        udp: true,
    };
    assert_eq!(u32::from(udp), bit(15) | 3205);
    assert_eq!(PortField::from(0xfffe_0cbc), PortField::tcp(3260));
    assert_eq!(
        (PortField::from(0).of_iscsi(), PortField::from(860).of_iscsi()),
        (3260, 860)
    );
}
