//! Which parameters a login sends to the kernel: those that the transport's capabilities leave.
//!
//! Owns the list of what a login sends and what each parameter needs. Must not know their values.
//!
//! Source: open-iscsi `usr/initiator_common.c` (`iscsi_session_init_params` builds the mask, `iscsi_session_set_params` is the list); RFC 7143
//! section 13 for what each parameter means where it stays away.

use driver_sys::sysfs::class::transport::Caps;

use crate::message::Message;
use crate::params::IscsiParam as P;

/// What a login sends, in the kernel's order. Secrets and names only where the record has them.
pub const SENT: &[P] = &[
    P::MaxRecvDlength,
    P::MaxXmitDlength,
    P::HdrdgstEn,
    P::DatadgstEn,
    P::InitialR2tEn,
    P::MaxR2t,
    P::ImmDataEn,
    P::FirstBurst,
    P::MaxBurst,
    P::PduInorderEn,
    P::DataseqInorderEn,
    P::Erl,
    P::IfmarkerEn,
    P::OfmarkerEn,
    P::ExpStatsn,
    P::TargetName,
    P::Tpgt,
    P::PersistentAddress,
    P::PersistentPort,
    P::SessRecoveryTmo,
    P::Username,
    P::UsernameIn,
    P::Password,
    P::PasswordIn,
    P::FastAbort,
    P::AbortTmo,
    P::LuResetTmo,
    P::HostResetTmo,
    P::PingTmo,
    P::RecvTmo,
    P::IfaceName,
    P::InitiatorName,
    P::TgtResetTmo,
    P::BootRoot,
    P::BootNic,
    P::BootTarget,
    P::DiscoverySess,
];

/// What needs a capability, its bit, and what holds without it.
pub const NEEDS: &[(P, Caps, &str)] = &[
    (P::MaxR2t, Caps::MULTI_R2T, "one R2T at a time"),
    (P::HdrdgstEn, Caps::HDRDGST, "no header digest"),
    (P::DatadgstEn, Caps::DATADGST, "no data digest"),
    (P::IfmarkerEn, Caps::MARKERS, "no markers"),
    (P::OfmarkerEn, Caps::MARKERS, "no markers"),
];

/// What a transport lets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    /// Parameters that are sent.
    pub sent: Vec<P>,
    /// Those that are not, and what holds in their place.
    pub masked: Vec<(P, &'static str)>,
}

impl Mask {
    /// The mask of a transport.
    #[must_use]
    pub fn of(caps: Caps) -> Self {
        let mut mask = Self {
            sent: Vec::new(),
            masked: Vec::new(),
        };
        for param in SENT {
            match NEEDS.iter().find(|row| row.0 == *param && !caps.contains(row.1)) {
                Some((_, _, without)) => mask.masked.push((*param, without)),
                None => mask.sent.push(*param),
            }
        }
        mask
    }

    /// Whether a parameter is sent.
    #[must_use]
    pub fn sends(&self, param: P) -> bool {
        self.sent.contains(&param)
    }

    /// What is to be said when a record sets (`asked`) what is not sent.
    #[must_use]
    pub fn remarks(&self, transport: &str, asked: &[P]) -> Vec<Message> {
        let lost = self.masked.iter().filter(|(param, _)| asked.contains(param));
        lost.map(|(param, without)| {
            Message::from(format!(
                "{} is left out: {transport} cannot do it, so it is {without}",
                param.attr().unwrap_or_default()
            ))
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination_of_capabilities_masks_what_it_lacks_and_nothing_else() {
        let bits = [Caps::MULTI_R2T, Caps::HDRDGST, Caps::DATADGST, Caps::MARKERS];
        for choice in 0..16u32 {
            // Capabilities that mask nothing change nothing.
            for others in [Caps::empty(), Caps::from_bits_retain(!0x0138)] {
                let has = |n: usize| choice & (1 << n) != 0;
                let caps = (0..4)
                    .filter(|n| has(*n))
                    .map(|n| bits[n])
                    .fold(others, |a, b| a | b);
                let mask = Mask::of(caps);
                for param in SENT {
                    let sent = match param {
                        P::MaxR2t => has(0),
                        P::HdrdgstEn => has(1),
                        P::DatadgstEn => has(2),
                        P::IfmarkerEn | P::OfmarkerEn => has(3),
                        _ => true,
                    };
                    assert_eq!(mask.sends(*param), sent, "{param:?} {caps:?}");
                    assert_eq!(mask.masked.iter().any(|(p, _)| p == param), !sent, "{param:?}");
                }
                assert_eq!(mask.sent.len() + mask.masked.len(), SENT.len());
            }
        }
    }

    /// The peer's mask has a bit for each number up to 31; markers are bits 12 and 13, digests 2 and 3, R2Ts 5.
    #[test]
    fn the_masked_bits_are_those_of_the_peer() {
        let masked = |caps: u32| {
            let mask = Mask::of(Caps::from_bits_retain(caps));
            mask.masked
                .iter()
                .fold(0u32, |bits, (param, _)| bits | 1 << param.raw())
        };
        assert_eq!(masked(0), 0x302C);
        assert_eq!(masked(0x48B8), 0x3000, "qla4xxx has no markers");
        assert_eq!(masked(0x0039), 0x3000, "tcp neither");
        assert_eq!(masked(0x0138), 0);
    }

    #[test]
    fn what_was_asked_for_and_is_not_sent_is_said_and_nothing_else() {
        let mask = Mask::of(Caps::MULTI_R2T);
        let said = mask.remarks("weird", &[P::HdrdgstEn, P::MaxR2t]);
        let said: Vec<String> = said.iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            ["header_digest is left out: weird cannot do it, so it is no header digest"]
        );
    }

    #[test]
    fn the_list_is_in_the_kernels_order_and_needs_only_what_is_in_it() {
        assert!(SENT.windows(2).all(|two| two[0].raw() < two[1].raw()));
        assert!(NEEDS.iter().all(|row| SENT.contains(&row.0)));
    }
}
