//! PDU layouts, byte by byte, and round trips.

use proptest::prelude::*;
use zerocopy::IntoBytes;

use super::*;
use crate::Isid;

#[test]
fn login_request_byte_by_byte() {
    let pdu = LoginRequest {
        opcode: OpcodeByte::immediate(Opcode::LOGIN_REQUEST),
        flags: LoginFlags::transit(Stage::SECURITY, Stage::OPERATIONAL),
        version_max: 0,
        version_min: 0,
        data_segment_length: U24::new(0x01_0203).unwrap(),
        isid: Isid([0, 2, 0x3d, 1, 2, 3]),
        tsih: 0x1122.into(),
        itt: 0xdead_beef.into(),
        cid: 0x0007.into(),
        cmd_sn: 0x0102_0304.into(),
        exp_stat_sn: 0x0506_0708.into(),
        ..Default::default()
    };
    #[rustfmt::skip]
    let bytes: [u8; 48] = [
        0x43, 0x81, 0, 0,          // I|0x03, T CSG=0 NSG=1, versions
        0, 0x01, 0x02, 0x03,       // TotalAHSLength, DataSegmentLength
        0, 2, 0x3d, 1, 2, 3,       // ISID
        0x11, 0x22,                // TSIH
        0xde, 0xad, 0xbe, 0xef,    // ITT
        0, 7, 0, 0,                // CID, reserved
        1, 2, 3, 4,                // CmdSN
        5, 6, 7, 8,                // ExpStatSN
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    assert_eq!(pdu.as_bytes(), bytes);
    assert_eq!(
        InitiatorPdu::decode(&Bhs::from_array(bytes)),
        InitiatorPdu::LoginRequest(pdu)
    );
}

#[test]
fn data_in_with_status_byte_by_byte() {
    #[rustfmt::skip]
    let bytes: [u8; 48] = [
        0x25, 0x83, 0, 0x02,       // F|U|S, reserved, CHECK CONDITION
        0, 0, 0x02, 0x00,          // 512 bytes
        0, 1, 0, 0, 0, 0, 0, 0,    // LUN 1
        0, 0, 0, 9,                // ITT
        0xff, 0xff, 0xff, 0xff,    // TTT
        0, 0, 0, 1,                // StatSN
        0, 0, 0, 2,                // ExpCmdSN
        0, 0, 0, 3,                // MaxCmdSN
        0, 0, 0, 4,                // DataSN
        0, 0, 0x10, 0,             // BufferOffset
        0, 0, 0, 5,                // Residual
    ];
    let TargetPdu::DataIn(pdu) = TargetPdu::decode(&Bhs::from_array(bytes)) else {
        panic!("not Data-In")
    };
    assert_eq!(
        pdu.flags,
        DataInFlags::FINAL | DataInFlags::UNDERFLOW | DataInFlags::STATUS
    );
    assert_eq!(
        (pdu.status, pdu.data_segment_length.get(), pdu.lun),
        (2, 512, Lun::flat(1))
    );
    assert_eq!(
        (pdu.itt.get(), pdu.ttt.get(), pdu.stat_sn.get()),
        (9, RESERVED_TAG, 1)
    );
    assert_eq!(
        (pdu.exp_cmd_sn.get(), pdu.max_cmd_sn.get(), pdu.data_sn.get()),
        (2, 3, 4)
    );
    assert_eq!((pdu.buffer_offset.get(), pdu.residual.get()), (4096, 5));
}

#[test]
fn field_offsets_are_those_of_the_rfc() {
    use std::mem::offset_of;
    assert_eq!(offset_of!(ScsiCommand, cdb), 32);
    assert_eq!(offset_of!(ScsiResponse, bidi_residual), 40);
    assert_eq!(offset_of!(ScsiResponse, exp_data_sn), 36);
    assert_eq!(offset_of!(DataOut, exp_stat_sn), 28);
    assert_eq!(offset_of!(DataOut, data_sn), 36);
    assert_eq!(offset_of!(R2t, desired_length), 44);
    assert_eq!(offset_of!(TmfRequest, ref_cmd_sn), 32);
    assert_eq!(offset_of!(LoginResponse, status), 36);
    assert_eq!(offset_of!(LogoutResponse, time2wait), 40);
    assert_eq!(offset_of!(AsyncMessage, event), 36);
    assert_eq!(offset_of!(AsyncMessage, parameter3), 42);
    assert_eq!(offset_of!(Reject, data_sn), 36);
    assert_eq!(offset_of!(Snack, beg_run), 40);
    assert_eq!(offset_of!(TextResponse, stat_sn), 24);
    assert_eq!(offset_of!(NopIn, ttt), 20);
}

#[test]
fn luns_take_the_shortest_addressing() {
    for number in [0u16, 1, 255, 256, 16383] {
        assert_eq!(Lun::flat(number).number(), Some(number));
    }
    assert_eq!(Lun::flat(256).0[0], 0x41);
    assert_eq!(Lun([0xc1, 1, 0, 0, 0, 0, 0, 0]).number(), None, "well-known LUN");
    assert_eq!(Lun([0, 1, 0, 1, 0, 0, 0, 0]).number(), None, "two levels");
}

#[test]
fn codes_name_themselves_and_keep_the_unknown() {
    assert_eq!(
        format!("{:?} {}", Opcode::R2T, Opcode::R2T),
        "R2T Ready To Transfer"
    );
    assert_eq!(format!("{:?}", Opcode(0x1c)), "Opcode(0x1c)");
    assert_eq!(
        LoginStatus::new(2, 1).to_string(),
        "authentication failure (02/01)"
    );
    assert_eq!(LoginStatus::new(9, 9).to_string(), "status 09/09");
    assert_eq!(U24::new(MAX_DATA_SEGMENT).map(U24::get), Some(MAX_DATA_SEGMENT));
    assert_eq!(U24::new(MAX_DATA_SEGMENT + 1), None);
    let stay = LoginFlags::stay(Stage::OPERATIONAL) | LoginFlags::CONTINUE;
    assert_eq!(
        (stay.current(), stay.contains(LoginFlags::TRANSIT)),
        (Stage::OPERATIONAL, false)
    );
}

proptest! {
    #[test]
    fn every_header_survives_a_round_trip(bytes: [u8; 48]) {
        let bhs = Bhs::from_array(bytes);
        prop_assert_eq!(InitiatorPdu::decode(&bhs).encode(), bhs);
        prop_assert_eq!(TargetPdu::decode(&bhs).encode(), bhs);
        prop_assert_eq!(bhs.as_bytes().to_vec(), bytes.to_vec());
        let _ = format!("{:?} {:?}", InitiatorPdu::decode(&bhs), TargetPdu::decode(&bhs));
    }

    #[test]
    fn ahs_walk_ends_for_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..1024)) {
        prop_assert!(AhsList::new(&bytes).count() <= bytes.len());
    }
}
