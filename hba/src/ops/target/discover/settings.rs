//! With what a portal is asked: as the command says, else its record, else iscsid.conf.
//!
//! Owns that order, and what of an interface's record counts for a question of this host's. Must not know how a question is asked.
//!
//! Source: open-iscsi's `usr/discovery.c` (a proof is given whenever there is a secret), `usr/iface.c` (`net_ifacename`, `hwaddress`, `ipaddress`).

use iscsi::chap::ChapAlgorithm;
use iscsi::digest::Digest;
use iscsi::negotiate::Offer;
use nix::ifaddrs::getifaddrs;
use std::time::Duration;

use super::wish::DiscoverWish;
use crate::discovery::sendtargets::REDIRECT_MAX;
use crate::error::{Error, Kind, Result};
use crate::ids::parse_mac;
use crate::initiator::{Account, Chap, Login, Source};
use crate::nodes::key::algorithms;
use crate::nodes::{Conf, InitiatorName, Record};
use crate::policy::name;
use crate::secret::Secret;

/// Where a discovery's keys begin.
const ST: &str = "discovery.sendtargets";
/// Transports over this host's own network.
const OWN_NETWORK: &[&str] = &["", "tcp", "iser"];

/// What is set for one portal.
pub(super) struct Settings<'a> {
    pub(super) conf: &'a Conf,
    /// The portal's record.
    pub(super) record: Option<&'a Record>,
    pub(super) wish: &'a DiscoverWish,
}

impl Settings<'_> {
    fn text(&self, key: &str) -> Option<String> {
        let text = match self.record {
            Some(record) => record.effective(key).map(str::to_owned),
            None => self.conf.get(key).map(std::borrow::Cow::into_owned),
        };
        text.filter(|text| !text.is_empty())
    }

    fn number<N: TryFrom<i64>>(&self, key: &str) -> Option<N> {
        self.text(key)?
            .parse::<i64>()
            .ok()
            .and_then(|n| n.try_into().ok())
    }

    fn secret(&self, key: &str) -> Option<Secret> {
        let secret = match self.record {
            Some(record) => record.secret(key),
            None => self.conf.secret(key),
        };
        secret.filter(|secret| !secret.expose().is_empty())
    }

    fn account(&self, suffix: &str) -> Option<Account> {
        Some(Account {
            secret: self.secret(&format!("{ST}.auth.password{suffix}"))?,
            name: self
                .text(&format!("{ST}.auth.username{suffix}"))
                .unwrap_or_default(),
        })
    }

    /// Who proves himself with what.
    pub(super) fn chap(&self) -> Option<Chap> {
        self.wish.chap.clone().or_else(|| {
            Some(Chap {
                outgoing: self.account("")?,
                incoming: self.account("_in"),
            })
        })
    }

    /// A default of open-iscsi's is no wish: without a record or a line of iscsid.conf all algorithms are offered.
    fn algorithms(&self) -> Vec<ChapAlgorithm> {
        const KEY: &str = "node.session.auth.chap_algs";
        if !self.wish.algorithms.is_empty() {
            return self.wish.algorithms.clone();
        }
        let said = self
            .record
            .map_or_else(|| self.conf.says(KEY), |record| record.get(KEY).is_some());
        let text = said.then(|| self.text(KEY)).flatten();
        text.and_then(|text| algorithms(&text)).unwrap_or_default()
    }

    fn offer(&self) -> Offer {
        let digest = |wish: Option<bool>| match wish {
            Some(true) => vec![Digest::Crc32c],
            Some(false) => vec![Digest::None],
            None => vec![Digest::None, Digest::Crc32c],
        };
        let mut offer = Offer {
            header_digests: digest(self.wish.header_digest),
            data_digests: digest(self.wish.data_digest),
            ..Offer::default()
        };
        let length = self.number(&format!("{ST}.iscsi.MaxRecvDataSegmentLength"));
        if let Some(length) = length.filter(|length| (512..1 << 24).contains(length)) {
            offer.params.max_recv_data_segment = length;
        }
        offer
    }

    /// How often being sent on is followed.
    pub(super) fn redirect_max(&self) -> u32 {
        self.number(&format!("{ST}.login_redirect_max"))
            .unwrap_or(REDIRECT_MAX)
    }

    /// The login.
    pub(super) fn login(&self, initiator: &str, alias: Option<&str>) -> Login {
        let mut login = Login::new(initiator, None);
        login.alias = alias.map(str::to_owned);
        login.chap = self.chap();
        login.algorithms = self.algorithms();
        login.offer = self.offer();
        let patience = self
            .number(&format!("{ST}.timeo.login_timeout"))
            .filter(|n| *n > 0);
        login.patience = patience.map_or(login.patience, Duration::from_secs);
        login
    }
}

/// As whom an interface asks.
pub(super) fn initiator(iface: &Record, host: Option<&InitiatorName>, tried: &str) -> Result<String> {
    let given = name::Given {
        iface: iface.get("iface.initiatorname"),
        adapter: None,
        daemon: host.map(|host| host.name.as_str()),
    };
    name::initiator(&given, tried).map(|(name, _)| name.to_string())
}

/// Where an interface's question goes out, and what is to be said about that.
pub(super) fn source(name: &str, iface: &Record, tried: &str) -> Result<(Source, Option<String>)> {
    let said = |key: &str| iface.get(key).filter(|text| !text.is_empty());
    let transport = said("iface.transport_name").unwrap_or_default();
    if !OWN_NETWORK.contains(&transport) {
        let remark = format!(
            "interface {name} is one of an adapter ({transport}): this host asks over its own network, and the records are the interface's"
        );
        return Ok((Source::default(), Some(remark)));
    }
    let refuse = |why: String| {
        Error::new(Kind::Invalid, tried).answered(format!(
            "the record of interface {} cannot be used: {why}",
            name.escape_debug()
        ))
    };
    let mut source = Source::default();
    match (said("iface.net_ifacename"), said("iface.hwaddress")) {
        (Some(device), _) => source.device = Some(device.to_owned()),
        (None, Some(mac)) => {
            let wanted =
                parse_mac(mac).ok_or_else(|| refuse(format!("{} is no MAC address", mac.escape_debug())))?;
            let device = device_of(wanted)
                .ok_or_else(|| refuse(format!("no network device here has the MAC address {mac}")))?;
            source.device = Some(device);
        }
        (None, None) => {}
    }
    if let Some(text) = said("iface.ipaddress") {
        let address = text
            .parse()
            .map_err(|_| refuse(format!("{} is no address", text.escape_debug())))?;
        source.address = Some(address);
    }
    Ok((source, None))
}

/// The network device of a MAC address.
fn device_of(mac: [u8; 6]) -> Option<String> {
    let all = getifaddrs().ok()?;
    all.into_iter().find_map(|one| {
        let link = one.address.as_ref()?.as_link_addr()?.addr()?;
        (link == mac).then_some(one.interface_name)
    })
}
