//! A parameter to set, and how it is read from what an operator writes.

use std::net::IpAddr;

use driver_sys::netlink::params::WireKind;

use super::{ParamValue, Settable, Values};
use crate::error::{Error, Kind, Result};
use crate::message::Message;
use crate::quirks::Take;
use crate::secret::REDACTED;
use crate::step::Step;

/// Names more alike than this (Jaro-Winkler, 0 to 1) are offered to who mistyped one.
const ALIKE: f64 = 0.88;
/// So many are offered at the most.
const OFFERED: usize = 4;

/// A parameter to set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment<P> {
    /// Which.
    pub param: P,
    /// The checked value.
    pub value: ParamValue,
}

impl<P: Settable> Assignment<P> {
    /// Reads `name=value`.
    ///
    /// # Errors
    /// [`Kind::Invalid`]: no `=`, unknown name, value out of range; [`Kind::Unsupported`]: the driver does not take it.
    pub fn parse(text: &str) -> Result<Self> {
        let Some((name, value)) = text.split_once('=') else {
            return Err(Error::new(Kind::Invalid, "read a parameter").answered("expected NAME=VALUE"));
        };
        if name.trim().is_empty() {
            return Err(Error::new(Kind::Invalid, "read a parameter")
                .answered("expected NAME=VALUE, there is no name"));
        }
        Self::named(name.trim(), value.trim())
    }

    /// Checks what was written for the parameter of a name.
    ///
    /// # Errors
    /// As [`Assignment::parse`].
    pub fn named(name: &str, text: &str) -> Result<Self> {
        let of_name = || P::all().filter(|param| param.name() == name);
        // Where several have the name, the value says which is meant.
        let meant = of_name().find(|param| Self::value(*param, text).is_some());
        let param = meant
            .or_else(|| of_name().next())
            .ok_or_else(|| unknown::<P>(name))?;
        Self::new(param, text)
    }

    /// What was written, if it has the form of the parameter's values.
    fn value(param: P, text: &str) -> Option<ParamValue> {
        let info = param.info()?;
        ParamValue::written(info.values, &param.form(text)).filter(|value| fits(info.kind, value))
    }

    /// Checks what was written for a parameter.
    ///
    /// # Errors
    /// [`Kind::Invalid`] when type or range do not fit (the text of a secret is not repeated); [`Kind::Unsupported`]: the driver does
    /// not take it.
    pub fn new(param: P, text: &str) -> Result<Self> {
        let name = param.name();
        let refused = || Error::new(Kind::Unsupported, format!("set parameter {name}"));
        match param.take() {
            Take::Taken | Take::AtStart | Take::Within(_) => {}
            Take::Once(why) | Take::Refused(why) => return Err(refused().answered(why)),
            Take::Instead(parts) => {
                return Err(refused()
                    .answered("the driver does not take it")
                    .hint(Message::of(parts)));
            }
        }
        let info = param.info().ok_or_else(|| unknown::<P>(name))?;
        let value =
            ParamValue::written(info.values, &param.form(text)).filter(|value| fits(info.kind, value));
        let value = value.ok_or_else(|| {
            let shown = if info.is_secret() {
                REDACTED.to_owned()
            } else {
                text.escape_debug().to_string()
            };
            Error::new(Kind::Invalid, format!("set {name} to {shown}"))
                .answered(format!("expected {}", info.values))
        })?;
        if let Some(why) = param.nonsense(&value) {
            return Err(Error::new(Kind::Invalid, format!("set {name} to {value}")).answered(why));
        }
        Ok(Self { param, value })
    }

    /// The parameter's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.param.name()
    }

    /// Whether it takes an address of its object's own family.
    pub(crate) fn is_own_address(&self) -> bool {
        self.param.info().is_some_and(|info| info.values == Values::Ip)
    }
}

/// Whether an address is of the family that can travel.
fn fits(kind: WireKind, value: &ParamValue) -> bool {
    let address = || value.as_text().and_then(|text| text.parse::<IpAddr>().ok());
    match kind {
        WireKind::Ipv4 => address().is_some_and(|address| address.is_ipv4()),
        WireKind::Ipv6 => address().is_some_and(|address| address.is_ipv6()),
        _ => true,
    }
}

fn unknown<P: Settable>(name: &str) -> Error {
    let alike = |param: &P| strsim::jaro_winkler(param.name(), name);
    let mut close: Vec<P> = P::listed()
        .filter(|param| param.name().contains(name) || alike(param) > ALIKE)
        .collect();
    close.sort_by(|a, b| alike(b).total_cmp(&alike(a)));
    let close: Vec<_> = close.iter().take(OFFERED).map(|param| param.name()).collect();
    let e = Error::new(Kind::Invalid, format!("set parameter {}", name.escape_debug()))
        .answered("no such parameter");
    if close.is_empty() {
        e.hint(
            Message::from("`")
                .then(Step::IfaceParams)
                .then("` and `")
                .then(Step::FlashParams)
                .then("` list the names"),
        )
    } else {
        e.hint(format!("did you mean {}?", close.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FlashnodeParam, IfaceCode, NetParam, ParamInfo, Parameter};
    use super::*;

    type Flash = Assignment<FlashnodeParam>;
    type Iface = Assignment<IfaceCode>;

    fn same<P: Settable>(name: &str, written: &str, shown: &str) {
        let a = Assignment::<P>::named(name, written).expect(name);
        let info: &ParamInfo = a.param.info().expect("a row");
        assert_eq!(ParamValue::shown(info, shown), Some(a.value), "{name}");
    }

    #[test]
    fn what_an_operator_writes_equals_what_sysfs_shows() {
        same::<FlashnodeParam>("header_digest", "on", "1");
        same::<FlashnodeParam>("max_burst_len", "262144", "262144");
        same::<FlashnodeParam>("ipaddress", "fe80::1", "fe80:0000:0000:0000:0000:0000:0000:0001");
        same::<FlashnodeParam>("isid", "0A1e0e010040", "0a1e0e010040");
        same::<IfaceCode>("bootproto", "STATIC", "static");
        same::<IfaceCode>("vlan_enabled", "no", "disable");
    }

    #[test]
    fn a_mistyped_name_is_answered_with_those_like_it() {
        let e = |e: Error| e.next_step().map_or_else(String::new, ToString::to_string);
        let iface = |text| e(Iface::parse(text).expect_err(text));
        let flash = |text| e(Flash::parse(text).expect_err(text));
        assert!(iface("ipadress=10.0.0.1").contains("did you mean ipaddress"));
        assert!(flash("max_burst_lenght=512").contains("did you mean max_burst_len"));
        assert!(flash("zzz=1").contains("flash params"));
        assert_eq!(
            iface("ipaddr=10.0.0.1").matches("ipaddress,").count(),
            1,
            "a name that two rows have is offered once"
        );
    }

    #[test]
    fn the_address_of_an_interface_is_that_of_the_family_it_is_of() {
        for (text, param) in [
            ("ipaddress=10.0.0.1", NetParam::Ipv4Addr),
            ("ipaddress=fd00::1", NetParam::Ipv6Addr),
        ] {
            assert_eq!(Iface::parse(text).expect(text).param, IfaceCode::Net(param));
        }
        let e = Iface::parse("ipaddress=1.2.3").expect_err("neither");
        assert!(
            e.to_string()
                .contains("expected an address of the entry's family"),
            "{e}"
        );
    }

    #[test]
    fn out_of_range_values_are_refused() {
        for text in [
            "max_burst_len=100",
            "max_burst_len=4294967296",
            "port=0",
            "port=65536",
            "erl=3",
            "ipaddress=1.2.3",
            "isid=12",
        ] {
            assert_eq!(
                Flash::parse(text).expect_err(text).kind(),
                Kind::Invalid,
                "{text}"
            );
        }
        assert_eq!(
            Flash::parse("targetname").expect_err("no value").kind(),
            Kind::Invalid
        );
        let e = Flash::parse("burst=1").expect_err("unknown");
        assert!(
            e.next_step()
                .is_some_and(|h| h.to_string().contains("max_burst_len"))
        );
    }

    #[test]
    fn parameters_the_driver_refuses_are_refused_before_it() {
        for name in [
            "username",
            "password",
            "chap_in_idx",
            "discovery_parent_type",
            "is_boot_target",
        ] {
            let e = Flash::named(name, "1").expect_err(name);
            assert_eq!(e.kind(), Kind::Unsupported, "{name}");
        }
        assert!(Iface::parse("cache_id=1").is_err_and(|e| e.kind() == Kind::Unsupported));
    }

    #[test]
    fn names_are_listed_once_and_all_of_them_have_one() {
        fn check<P: Parameter>() {
            let mut names: Vec<_> = P::listed().map(Parameter::name).collect();
            assert!(names.iter().all(|name| !name.is_empty()));
            names.sort_unstable();
            let count = names.len();
            names.dedup();
            assert_eq!(names.len(), count);
        }
        check::<FlashnodeParam>();
        check::<IfaceCode>();
        check::<super::super::IscsiParam>();
    }
}
