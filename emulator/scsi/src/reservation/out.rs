//! PERSISTENT RESERVE OUT: what registers, reserves and preempts (SPC-4 §5.12.7 to §5.12.11, §6.16).

use super::{Holder, Kind, MAX_REGISTRATIONS, Registration, Reservations};
use crate::cdb::{OutAction, PersistentOut};
use crate::lun::Failure;
use crate::param::be;
use crate::port::PortId;
use crate::sense::{AdditionalSense, Sense};

/// What others hear of it.
#[derive(Debug, Default)]
pub(crate) struct News {
    /// Unit attentions, by port.
    pub(crate) attentions: Vec<(PortId, AdditionalSense)>,
    /// Ports whose tasks end (PREEMPT AND ABORT).
    pub(crate) aborted: Vec<PortId>,
}

/// The parameter list (SPC-4 table 215).
struct List<'a> {
    key: u64,
    action_key: u64,
    flags: u8,
    rest: &'a [u8],
}

const APTPL: u8 = 0x01;
const UNREG: u8 = 0x02;
const SPEC_I_PT: u8 = 0x08;
const LIST_LEN: usize = 24;
/// Longest list: a TransportID for every registration.
const MAX_LIST: usize = 64 << 10;

const fn bad_length() -> Failure {
    Failure::Sense(Sense::illegal(AdditionalSense::PARAMETER_LIST_LENGTH_ERROR))
}

const fn bad_parameter(byte: u16) -> Failure {
    Failure::Sense(Sense::parameter_field(byte))
}

impl Reservations {
    /// Carries out one service action for `port`. On an error nothing has changed.
    pub(crate) fn change(
        &mut self,
        request: &PersistentOut,
        data: &[u8],
        port: &PortId,
        can_keep: bool,
    ) -> Result<News, Failure> {
        if self.legacy.is_some() {
            return Err(Failure::Conflict);
        }
        if request.list_len < LIST_LEN || request.list_len > MAX_LIST {
            return Err(bad_length());
        }
        let data = data.get(..request.list_len).ok_or_else(bad_length)?;
        let list = List {
            key: be(data, 0, 8),
            action_key: be(data, 8, 8),
            flags: data
                .get(if request.action == OutAction::Move { 17 } else { 20 })
                .copied()
                .unwrap_or(0),
            rest: data.get(LIST_LEN..).unwrap_or_default(),
        };
        let registering = matches!(request.action, OutAction::Register(_));
        let specified = list.flags & SPEC_I_PT != 0 && registering;
        if request.action != OutAction::Move && !specified && request.list_len != LIST_LEN {
            return Err(bad_length());
        }
        if list.flags & APTPL != 0 && !can_keep && (registering || request.action == OutAction::Move) {
            return Err(bad_parameter(20));
        }
        let kind = match request.action {
            OutAction::Reserve | OutAction::Release | OutAction::Preempt(_) => {
                if request.scope != 0 {
                    return Err(Failure::Sense(Sense::cdb_field(2, 7)));
                }
                let wanted = Kind::from_code(request.kind);
                Some(wanted.ok_or(Failure::Sense(Sense::cdb_field(2, 3)))?)
            }
            _ => None,
        };
        // Everybody but the one who registers must be known by the right key.
        if !registering && self.key_of(port) != Some(list.key) {
            return Err(Failure::Conflict);
        }
        match (request.action, kind) {
            (OutAction::Register(ignore), _) => self.register(port, &list, ignore, specified),
            (OutAction::Reserve, Some(kind)) => self.reserve(port, kind),
            (OutAction::Release, Some(kind)) => self.release(port, kind),
            (OutAction::Preempt(abort), Some(kind)) => self.preempt(port, kind, list.action_key, abort),
            (OutAction::Clear, _) => Ok(self.clear(port)),
            (OutAction::Move, _) => self.move_to(port, &list, data),
            _ => Err(Failure::Sense(Sense::cdb_field(2, 3))),
        }
    }

    fn register(
        &mut self,
        port: &PortId,
        list: &List<'_>,
        ignore: bool,
        specified: bool,
    ) -> Result<News, Failure> {
        let known = self.key_of(port);
        if !ignore && list.key != known.unwrap_or(0) {
            return Err(Failure::Conflict);
        }
        let mut ports = vec![port.clone()];
        if specified {
            if ignore || known.is_some() {
                return Err(bad_parameter(20));
            }
            ports.extend(transport_ids(list.rest, port.target_port)?);
        }
        let mut news = News::default();
        if list.action_key == 0 {
            if known.is_some() {
                news = self.unregister(port);
            }
        } else {
            for (i, port) in ports.iter().enumerate() {
                if i > 0 && self.key_of(port).is_some() || ports[..i].contains(port) {
                    return Err(Failure::Conflict);
                }
            }
            let added = ports.iter().filter(|port| self.key_of(port).is_none()).count();
            if self.registered.len() + added > MAX_REGISTRATIONS {
                return Err(Failure::Sense(Sense::illegal(
                    AdditionalSense::INSUFFICIENT_REGISTRATION_RESOURCES,
                )));
            }
            for port in ports {
                self.set_key(port, list.action_key);
            }
        }
        self.keep = list.flags & APTPL != 0;
        self.generation = self.generation.wrapping_add(1);
        Ok(news)
    }

    fn set_key(&mut self, port: PortId, key: u64) {
        match self.registered.iter_mut().find(|r| r.port == port) {
            Some(registration) => registration.key = key,
            None => self.registered.push(Registration { port, key }),
        }
    }

    fn unregister(&mut self, port: &PortId) -> News {
        let mut news = News::default();
        let held = self
            .holder
            .as_ref()
            .filter(|_| self.holds(port))
            .map(|holder| holder.kind);
        self.registered.retain(|r| r.port != *port);
        self.drop_orphan();
        if self.holder.is_none() && held.is_some_and(Kind::registrants) {
            news.attentions = self.others(port, AdditionalSense::RESERVATIONS_RELEASED);
        }
        news
    }

    fn others(&self, port: &PortId, what: AdditionalSense) -> Vec<(PortId, AdditionalSense)> {
        let others = self.registered.iter().filter(|r| r.port != *port);
        others.map(|r| (r.port.clone(), what)).collect()
    }

    fn new_holder(port: &PortId, kind: Kind) -> Holder {
        Holder {
            kind,
            port: (!kind.all()).then(|| port.clone()),
        }
    }

    fn reserve(&mut self, port: &PortId, kind: Kind) -> Result<News, Failure> {
        match &self.holder {
            None => self.holder = Some(Self::new_holder(port, kind)),
            Some(holder) if self.holds(port) && holder.kind == kind => {}
            Some(_) => return Err(Failure::Conflict),
        }
        Ok(News::default())
    }

    fn release(&mut self, port: &PortId, kind: Kind) -> Result<News, Failure> {
        let mut news = News::default();
        if !self.holds(port) {
            return Ok(news);
        }
        if self.holder.as_ref().is_some_and(|holder| holder.kind != kind) {
            return Err(Failure::Sense(Sense::illegal(
                AdditionalSense::INVALID_RELEASE_OF_PERSISTENT_RESERVATION,
            )));
        }
        self.holder = None;
        if kind.registrants() {
            news.attentions = self.others(port, AdditionalSense::RESERVATIONS_RELEASED);
        }
        Ok(news)
    }

    fn clear(&mut self, port: &PortId) -> News {
        let news = News {
            attentions: self.others(port, AdditionalSense::RESERVATIONS_PREEMPTED),
            aborted: Vec::new(),
        };
        self.registered.clear();
        self.holder = None;
        self.generation = self.generation.wrapping_add(1);
        news
    }

    fn preempt(&mut self, port: &PortId, kind: Kind, victim: u64, abort: bool) -> Result<News, Failure> {
        let all = matches!(&self.holder, Some(Holder { port: None, .. }));
        let takes_over = match &self.holder {
            Some(Holder {
                port: Some(holder), ..
            }) => self.key_of(holder) == Some(victim),
            Some(Holder { port: None, .. }) => victim == 0,
            None => false,
        };
        if victim == 0 && !all {
            return Err(bad_parameter(8));
        }
        let everybody = all && victim == 0;
        let dies = |r: &Registration| everybody || r.key == victim;
        if !everybody && !self.registered.iter().any(dies) {
            return Err(Failure::Conflict);
        }
        let mut news = News::default();
        let old_kind = self.holder.as_ref().map(|holder| holder.kind);
        let (gone, left): (Vec<_>, Vec<_>) = std::mem::take(&mut self.registered)
            .into_iter()
            // The one who preempts stays when the reservation becomes its own.
            .partition(|r| dies(r) && !(r.port == *port && takes_over));
        self.registered = left;
        for Registration { port: lost, .. } in gone {
            if lost != *port {
                news.attentions
                    .push((lost.clone(), AdditionalSense::REGISTRATIONS_PREEMPTED));
            }
            if abort {
                news.aborted.push(lost);
            }
        }
        if takes_over {
            self.holder = Some(Self::new_holder(port, kind));
            if old_kind != Some(kind) {
                news.attentions
                    .extend(self.others(port, AdditionalSense::RESERVATIONS_RELEASED));
            }
        } else {
            self.drop_orphan();
        }
        self.generation = self.generation.wrapping_add(1);
        Ok(news)
    }

    fn move_to(&mut self, port: &PortId, list: &List<'_>, data: &[u8]) -> Result<News, Failure> {
        let holder = match &self.holder {
            Some(holder) if holder.port.as_ref() == Some(port) => holder.kind,
            // The types of all registrants cannot be moved; others hold nothing.
            _ => return Err(Failure::Conflict),
        };
        if list.action_key == 0 {
            return Err(bad_parameter(8));
        }
        let id_len = be(data, 20, 4) as usize;
        if list.rest.len() != id_len {
            return Err(bad_length());
        }
        let (initiator, used) = PortId::read_transport_id(list.rest).ok_or_else(|| bad_parameter(24))?;
        let to = PortId {
            initiator,
            target_port: be(data, 18, 2) as u16,
        };
        if used != id_len || to.target_port == 0 || to == *port {
            return Err(bad_parameter(24));
        }
        if self.key_of(&to).is_none() && self.registered.len() >= MAX_REGISTRATIONS {
            return Err(Failure::Sense(Sense::illegal(
                AdditionalSense::INSUFFICIENT_REGISTRATION_RESOURCES,
            )));
        }
        self.set_key(to.clone(), list.action_key);
        self.holder = Some(Holder {
            kind: holder,
            port: Some(to),
        });
        if list.flags & UNREG != 0 {
            self.registered.retain(|r| r.port != *port);
        }
        self.keep = list.flags & APTPL != 0;
        self.generation = self.generation.wrapping_add(1);
        Ok(News::default())
    }
}

/// The additional TransportIDs of SPEC_I_PT: their length, then one after the other.
fn transport_ids(rest: &[u8], target_port: u16) -> Result<Vec<PortId>, Failure> {
    let len = be(rest, 0, 4) as usize;
    let mut bytes = rest.get(4..).unwrap_or_default();
    if bytes.len() != len {
        return Err(bad_length());
    }
    let mut ports = Vec::new();
    while !bytes.is_empty() && ports.len() < MAX_REGISTRATIONS {
        let (initiator, used) = PortId::read_transport_id(bytes).ok_or_else(|| bad_parameter(28))?;
        ports.push(PortId {
            initiator,
            target_port,
        });
        bytes = bytes.get(used..).unwrap_or_default();
    }
    Ok(ports)
}
