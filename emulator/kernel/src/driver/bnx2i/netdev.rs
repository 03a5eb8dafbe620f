//! The network device of a port, as far as a control plane looks at it.
//!
//! Source: `net/core/net-sysfs.c` (`net_class_attrs`), `bnx2.c`.

use super::Bnx2i;
use super::port::Port;
use crate::text::mac;
use crate::transport::Class;
use crate::tree::Object;

/// `IFF_UP | IFF_BROADCAST | IFF_MULTICAST`, `IFF_BROADCAST | IFF_MULTICAST`.
const FLAGS: [&str; 2] = ["0x1003", "0x1002"];
/// `ARPHRD_ETHER`.
const ETHER: &str = "1";

/// Path of a port's PCI function.
pub(super) fn function(at: usize) -> String {
    // A card has two functions.
    format!("devices/pci0000:00/0000:00:{:02x}.{}", 6 + at / 2, at % 2)
}

fn path(at: usize, port: &Port) -> String {
    format!("{}/net/{}", function(at), port.netdev)
}

/// What changes with cable and administrator.
fn state(port: &Port) -> [(&'static str, String); 3] {
    let up = port.runs();
    let operstate = if up && port.carrier { "up" } else { "down" };
    [
        // A kernel refuses to read it while the device is down.
        ("carrier", u8::from(up && port.carrier).to_string()),
        ("flags", FLAGS[usize::from(!up)].into()),
        ("operstate", operstate.into()),
    ]
}

/// The device of a port.
pub(super) fn object(at: usize, port: &Port) -> Object {
    let object = Object::class(path(at, port), "net", Some(&function(at)))
        .env("INTERFACE", &port.netdev)
        .env("IFINDEX", &(at + 2).to_string())
        .ro("ifindex", (at + 2).to_string())
        .ro("dev_port", "0")
        .ro("type", ETHER)
        .ro("addr_len", "6")
        .ro("address", mac(&port.mac))
        .ro("broadcast", mac(&[0xff; 6]))
        .ro("mtu", port.mtu.to_string())
        .ro("speed", "1000")
        .ro("duplex", "full");
    state(port)
        .into_iter()
        .fold(object, |o, (name, value)| o.ro(name, value))
}

impl Bnx2i {
    /// Writes what may have changed of a port's device.
    pub(super) fn refresh_netdev(&self, class: &mut Class, at: usize) {
        let port = &self.ports[at];
        class
            .env
            .write_all("network device", &path(at, port), state(port).into());
    }
}
