//! What sense data says. Source: SPC-4 4.5 (fixed and descriptor format).

/// UNIT ATTENTION.
pub(super) const UNIT_ATTENTION: u8 = 6;

/// The sense key.
pub(super) fn key(sense: &[u8]) -> Option<u8> {
    match sense.first()? & 0x7f {
        0x70 | 0x71 => sense.get(2).map(|b| b & 0x0f),
        0x72 | 0x73 => sense.get(1).map(|b| b & 0x0f),
        _ => None,
    }
}

/// Additional sense code and qualifier.
pub(super) fn code(sense: &[u8]) -> (u8, u8) {
    let at = |i: usize| sense.get(i).copied().unwrap_or(0);
    match at(0) & 0x7f {
        0x72 | 0x73 => (at(2), at(3)),
        _ => (at(12), at(13)),
    }
}

/// What a kernel calls the news in a unit attention (`scsi_report_sense`, `SDEV_EVT_*`).
pub(super) fn news(sense: &[u8]) -> Option<&'static str> {
    if key(sense) != Some(UNIT_ATTENTION) {
        return None;
    }
    match code(sense) {
        (0x3f, 0x03) => Some("INQUIRY_DATA_HAS_CHANGED"),
        (0x3f, 0x0e) => Some("REPORTED_LUNS_DATA_HAS_CHANGED"),
        (0x29, _) => Some("POWER_ON_RESET_OCCURRED"),
        (0x2a, 0x01) => Some("MODE_PARAMETERS_CHANGED"),
        (0x2a, 0x06) => Some("ASYMMETRIC_ACCESS_STATE_CHANGED"),
        (0x2a, 0x09) => Some("CAPACITY_DATA_HAS_CHANGED"),
        (0x38, 0x07) => Some("THIN_PROVISIONING_SOFT_THRESHOLD_REACHED"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_has_the_kernels_names_in_both_formats_of_sense_data() {
        let fixed = |key: u8, asc: u8, ascq: u8| {
            let mut sense = [0u8; 18];
            (sense[0], sense[2], sense[7], sense[12], sense[13]) = (0x70, key, 10, asc, ascq);
            sense
        };
        assert_eq!(
            news(&fixed(6, 0x3f, 0x0e)),
            Some("REPORTED_LUNS_DATA_HAS_CHANGED")
        );
        assert_eq!(
            news(&[0x72, 6, 0x3f, 0x0e, 0, 0, 0, 0]),
            Some("REPORTED_LUNS_DATA_HAS_CHANGED")
        );
        assert_eq!(news(&fixed(6, 0x29, 0)), Some("POWER_ON_RESET_OCCURRED"));
        assert_eq!(news(&fixed(6, 0x29, 4)), Some("POWER_ON_RESET_OCCURRED"));
        assert_eq!(news(&fixed(6, 0x2a, 6)), Some("ASYMMETRIC_ACCESS_STATE_CHANGED"));
        assert_eq!(news(&fixed(6, 0x2a, 9)), Some("CAPACITY_DATA_HAS_CHANGED"));
        assert_eq!(news(&fixed(6, 0x3f, 1)), None);
        assert_eq!(news(&fixed(5, 0x3f, 0x0e)), None, "no unit attention");
        assert_eq!(news(&[]), None);
    }
}
