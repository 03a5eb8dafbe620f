//! `hbaemu flash`: a card's flash file from outside, while no emulator uses it.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use driver_sys::hw::nvram::fix_checksum;
use emu_net::flash_file::FlashFile;
use isp4xxx::chip::Chip;
use isp4xxx::flash::{
    Change, Contents, DdbView, FlashStore, Identity, Loaded, PortContents, Region, factory_default, inspect,
};
use isp4xxx::nvram::BootBlock;
use serde_json::{Value, json};
use terminal::printable::text as printable;

use super::args::{Card, Flash};
use super::{document, ready};

/// Runs one of the verbs.
pub(super) fn run(verb: &Flash) -> Result<()> {
    match verb {
        Flash::Init { file, card, seed } => init(file, card, *seed),
        Flash::Show { file, card, json } => show(file, card, *json),
        Flash::Dump {
            file,
            out,
            card,
            port,
        } => dump(file, out, card, *port as usize),
        Flash::Load {
            file,
            dump,
            card,
            port,
        } => load(file, dump, card, *port as usize),
    }
}

/// The chip of that name.
pub(super) fn chip(name: &str) -> Result<&'static Chip> {
    Chip::by_name(name).with_context(|| {
        let known: Vec<&str> = Chip::ALL.iter().map(|chip| chip.name).collect();
        format!("there is no chip {name:?}; known are {}", known.join(", "))
    })
}

fn init(file: &Path, card: &Card, seed: u64) -> Result<()> {
    let chip = chip(&card.chip)?;
    let contents = factory_default(chip, card.ports as usize, Identity { seed });
    FlashFile::create(file, chip, card.ports as usize, &contents)?;
    ready(&format!(
        "made {} and {}",
        file.display(),
        FlashFile::nvram_path(file).display()
    ))
}

fn show(file: &Path, card: &Card, as_json: bool) -> Result<()> {
    let contents = read(file, card)?.1;
    if as_json {
        let ports: Vec<Value> = contents.ports.iter().map(port_json).collect();
        return document(&json!({ "chip": card.chip, "ports": ports }));
    }
    ready(&text(&contents))
}

fn dump(file: &Path, out: &Path, card: &Card, port: usize) -> Result<()> {
    let (loaded, _) = read(file, card)?;
    in_range(card, port)?;
    let chip = chip(&card.chip)?;
    let (view, end) = (chip.layout.view(port), chip.layout.view(port + 1));
    let areas = loaded
        .areas
        .into_iter()
        .filter(|(at, _)| (view..end).contains(at));
    // A one-port card has its boot bytes where the first port has them.
    let nvram = with_boot(loaded.nvram.clone(), 0, &loaded.nvram, port);
    let one = Loaded {
        areas: areas.map(|(at, bytes)| (at - view, bytes)).collect(),
        flash_len: chip.layout.image_len(1),
        nvram,
    };
    FlashFile::create(out, chip, 1, &one)?;
    ready(&format!(
        "copied port {port} of {} to {}",
        file.display(),
        out.display()
    ))
}

fn load(file: &Path, dump: &Path, card: &Card, port: usize) -> Result<()> {
    in_range(card, port)?;
    let one = Card {
        chip: card.chip.clone(),
        ports: 1,
    };
    let (new, _) = read(dump, &one)?;
    let mut store = open(file, card)?;
    // What is there must be a card's flash; it is never overwritten with something else's.
    let there = store.load()?;
    decode(file, card, &there)?;
    store.settle()?;
    let view = chip(&card.chip)?.layout.view(port);
    let mut changes: Vec<Change<'_>> = new
        .areas
        .iter()
        .map(|(at, bytes)| Change {
            region: Region::Flash,
            offset: at + view,
            bytes,
        })
        .collect();
    // A one-port card takes the whole EEPROM; on a card of two it belongs to both, and the port's boot bytes are taken.
    let nvram = match card.ports {
        1 => new.nvram.clone(),
        _ => with_boot(there.nvram, port, &new.nvram, 0),
    };
    changes.push(Change {
        region: Region::Nvram,
        offset: 0,
        bytes: &nvram,
    });
    store.commit(&changes)?;
    ready(&format!(
        "put {} into port {port} of {}",
        dump.display(),
        file.display()
    ))
}

/// An EEPROM whose `port` boots as the port `from` of another does; as it was on a chip without boot bytes.
fn with_boot(mut nvram: Vec<u8>, port: usize, other: &[u8], from: usize) -> Vec<u8> {
    let block = BootBlock::read(other, from).and_then(|block| block.bytes(nvram.len(), port));
    for (at, byte) in block.into_iter().flatten() {
        if let Some(place) = nvram.get_mut(at) {
            *place = byte;
        }
        fix_checksum(&mut nvram);
    }
    nvram
}

fn in_range(card: &Card, port: usize) -> Result<()> {
    ensure!(
        port < card.ports as usize,
        "a card of {} ports has no port {port} (ports count from 0)",
        card.ports
    );
    Ok(())
}

fn open(file: &Path, card: &Card) -> Result<FlashFile> {
    let store = FlashFile::open(file, chip(&card.chip)?, card.ports as usize)?;
    Ok(store)
}

fn read(file: &Path, card: &Card) -> Result<(Loaded, Contents)> {
    // Without the lock and without a write: a running card goes on, what a killed one left in its journal is seen, too.
    let loaded = FlashFile::peek(file, chip(&card.chip)?, card.ports as usize)?;
    let contents = decode(file, card, &loaded)?;
    Ok((loaded, contents))
}

fn decode(file: &Path, card: &Card, loaded: &Loaded) -> Result<Contents> {
    match inspect(chip(&card.chip)?, card.ports as usize, loaded) {
        Ok(contents) => Ok(contents),
        Err(error) => bail!("{} is not usable and was left alone: {error}", file.display()),
    }
}

fn port_json(port: &PortContents) -> Value {
    json!({
        "mac": hba::ids::format_mac(port.info.mac),
        "serial": port.info.serial,
        "product": port.info.product,
        "ifcb": port.ifcb.as_ref().map(|ifcb| json!({
            "initiator_name": ifcb.initiator_name,
            "alias": ifcb.alias,
            "ipv4_enabled": ifcb.ipv4_enabled,
            "dhcp": ifcb.dhcp,
            "tcp_nagle_disable": ifcb.tcp_nagle_disable,
            "tcp_wsf_disable": ifcb.tcp_wsf_disable,
            "fragment_disable": ifcb.fragment_disable,
            "ipv4": ifcb.ipv4,
            "subnet": ifcb.subnet,
            "gateway": ifcb.gateway,
            "ipv6_enabled": ifcb.ipv6_enabled,
            "ipv6": ifcb.ipv6,
            "ipv6_router": ifcb.ipv6_router,
            "mtu": ifcb.mtu,
            "auto_connect": ifcb.auto_connect,
        })),
        "ddbs": port.ddbs.iter().map(|ddb| json!({
            "index": ddb.index,
            "name": ddb.name,
            "portal": ddb.portal,
            "tpgt": ddb.tpgt,
            "chap_index": ddb.chap_index,
            "discovery_parent": ddb.discovery_parent,
            "time2wait": ddb.time2wait,
            "time2retain": ddb.time2retain,
        })).collect::<Vec<_>>(),
        "chap": port.chap.iter().map(|chap| json!({
            "index": chap.index,
            "name": chap.name,
            "flags": format!("{:?}", chap.flags),
            "secret": hba::REDACTED,
        })).collect::<Vec<_>>(),
        "boot": port.boot.as_ref().map(|boot| json!({
            "enabled": boot.enabled(),
            "mode": boot.mode,
            "primary": boot.primary,
            "secondary": boot.secondary,
        })),
    })
}

fn text(contents: &Contents) -> String {
    let mut lines = Vec::new();
    for (number, port) in contents.ports.iter().enumerate() {
        lines.push(format!(
            "port {number}: {} serial {} mac {}",
            printable(&port.info.product),
            printable(&port.info.serial),
            hba::ids::format_mac(port.info.mac)
        ));
        match &port.ifcb {
            None => lines.push("  IFCB: erased".to_owned()),
            Some(ifcb) => {
                lines.push(format!("  initiator {}", printable(&ifcb.initiator_name)));
                let how = if ifcb.dhcp { " by DHCP" } else { "" };
                lines.push(format!(
                    "  ipv4 {}/{} gateway {}{how}",
                    ifcb.ipv4, ifcb.subnet, ifcb.gateway
                ));
                lines.push(format!(
                    "  ipv6 {} {} router {}",
                    ifcb.ipv6[0], ifcb.ipv6[1], ifcb.ipv6_router
                ));
            }
        }
        lines.extend(
            port.ddbs
                .iter()
                .map(|ddb| format!("  DDB {:>3}: {}", ddb.index, ddb_text(ddb))),
        );
        let chap = port.chap.iter();
        lines.extend(chap.map(|c| {
            format!(
                "  CHAP {:>2}: {} {} ({:?})",
                c.index,
                printable(&c.name),
                hba::REDACTED,
                c.flags
            )
        }));
        if let Some(boot) = &port.boot {
            let slot = |slot: Option<u8>| slot.map_or_else(|| "-".to_owned(), |index| format!("DDB {index}"));
            let (primary, secondary) = (slot(boot.primary), slot(boot.secondary));
            lines.push(format!(
                "  boot: mode {}, primary {primary}, secondary {secondary}",
                boot.mode
            ));
        }
    }
    lines.join("\n")
}

fn ddb_text(ddb: &DdbView) -> String {
    let name = if ddb.name.is_empty() {
        "(SendTargets)"
    } else {
        &printable(&ddb.name)
    };
    let portal = ddb
        .portal
        .map_or_else(|| "no address".to_owned(), |portal| portal.to_string());
    let chap = ddb
        .chap_index
        .map_or_else(String::new, |index| format!(" CHAP {index}"));
    format!("{name} at {portal},{}{chap}", ddb.tpgt)
}

#[cfg(test)]
mod tests {
    use driver_sys::hw::nvram::word_sum;

    use super::*;

    #[test]
    fn boot_bytes_move_to_another_port_and_the_image_stays_valid() {
        let mut one = vec![0u8; 2048];
        for (at, byte) in (BootBlock {
            mode: 1,
            primary: Some(2),
            secondary: None,
        })
        .bytes(2048, 0)
        .unwrap()
        {
            one[at] = byte;
        }
        let two = with_boot(vec![0; 2048], 1, &one, 0);
        assert_eq!(BootBlock::read(&two, 1), BootBlock::read(&one, 0));
        assert!(!BootBlock::read(&two, 0).unwrap().enabled());
        assert_eq!(word_sum(&two), 0);
    }
}
