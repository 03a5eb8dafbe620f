//! `hbactl target discover` and `hbactl target portal`.

use hba::initiator::{Account as Name, Chap};
use hba::ops::target::{self, DiscoverWish, Keep, NewPortal, PortalKind, WhichPortalOf, Whom};
use hba::{Ctx, Error, Kind, Result, Secret};

use crate::args::Format;
use crate::args::discover::{Account, Discover, Store};
use crate::args::portal::{Verb, Which};
use crate::output::{Done, Out};
use crate::{interrupt, secret, view};

pub(crate) fn discover(ctx: &mut Ctx<'_>, out: &Out, asked: &Discover) -> Done {
    let whom = match (&asked.portal, &asked.isns) {
        (Some(portal), _) => Whom::Portal(portal.clone()),
        (None, Some(server)) => Whom::Isns(server.clone()),
        (None, None) => Whom::Firmware,
    };
    let wish = DiscoverWish {
        keep: match asked.store {
            Store::Flash => Keep::Flash,
            Store::Db => Keep::Db,
            Store::None => Keep::Nowhere,
        },
        ifaces: asked.iface.clone(),
        chap: account(ctx, &asked.account)?,
        algorithms: asked.account.chap_algs.clone(),
        header_digest: asked.header_digest,
        data_digest: asked.data_digest,
        remove_gone: asked.remove_gone,
        reset: asked.reset,
        adapter: asked.adapter.adapter.clone(),
        chap_entry: asked.chap,
        ..DiscoverWish::new(whom)
    };
    ctx.force = asked.force;
    ctx.deadline = interrupt::arm(ctx.deadline);
    let found = target::discover(ctx, &wish)?;
    view::discover::discovery(out, &found, &ctx.warnings)
}

pub(crate) fn portal(ctx: &mut Ctx<'_>, out: &Out, verb: &Verb) -> Done {
    match verb {
        Verb::List => {
            let all = target::portals(ctx)?;
            out.list("target.portal.list", &all, &ctx.warnings, view::discover::portals)
        }
        Verb::Show(asked) => {
            let one = target::portal(ctx, &which(asked))?;
            out.one("target.portal.show", &one, &ctx.warnings, view::discover::portal)
        }
        Verb::Add(add) => {
            let new = NewPortal {
                kind: kind(&add.which),
                at: which(&add.which),
                chap: account(ctx, &add.account)?,
                settings: settings(add)?,
            };
            ctx.deadline = interrupt::arm(ctx.deadline);
            let mut change = target::add_portal(ctx, &new)?;
            if out.format() != Format::Json && change.diff().iter().all(|field| field.before.is_none()) {
                // A new one has every key; people want to see whom it asks and what is not by default.
                let of_use = ["sendtargets.address", "sendtargets.port", "username", "password"];
                change.keep(|key| of_use.iter().any(|part| key.contains(part)));
            }
            let subject = format!("discovery portal {}", add.which.portal.at);
            out.change("target.portal.add", &subject, &change, &ctx.warnings)
        }
        Verb::Remove(asked) => {
            ctx.deadline = interrupt::arm(ctx.deadline);
            let change = target::remove_portal(ctx, &which(asked))?;
            let subject = format!("discovery portal {}", asked.portal.at);
            out.change("target.portal.remove", &subject, &change, &ctx.warnings)
        }
    }
}

fn kind(asked: &Which) -> PortalKind {
    if asked.isns {
        PortalKind::Isns
    } else {
        PortalKind::Sendtargets
    }
}

fn which(asked: &Which) -> WhichPortalOf {
    WhichPortalOf {
        kind: asked.isns.then_some(PortalKind::Isns),
        at: asked.portal.at.clone(),
        port_said: asked.portal.port_said,
    }
}

fn settings(add: &crate::args::portal::Add) -> Result<Vec<(String, String)>> {
    let mut all = Vec::new();
    for word in &add.settings {
        let Some((key, value)) = word.split_once('=') else {
            return Err(
                Error::new(Kind::Invalid, format!("read the setting {}", word.escape_debug()))
                    .answered("expected KEY=VALUE"),
            );
        };
        all.push((key.trim().to_owned(), value.trim().to_owned()));
    }
    let algorithms: Vec<String> = add
        .account
        .chap_algs
        .iter()
        .map(|a| a.name().replace("SHA-256", "SHA256"))
        .collect();
    if !algorithms.is_empty() {
        all.push(("node.session.auth.chap_algs".to_owned(), algorithms.join(",")));
    }
    Ok(all)
}

/// The account of a command; the secret is read now.
fn account(ctx: &Ctx<'_>, asked: &Account) -> Result<Option<Chap>> {
    let Some(name) = &asked.chap_user else {
        if secret::given(&asked.secret, ctx.deadline)?.is_some() {
            return Err(Error::new(Kind::Invalid, "use a secret without a name")
                .answered("--chap-user names whose it is"));
        }
        return Ok(None);
    };
    let incoming = match &asked.secret_in_file {
        None => None,
        Some(path) => Some(Name {
            name: asked.chap_in_user.clone().unwrap_or_default(),
            secret: Secret::from_file(path, ctx.deadline)?,
        }),
    };
    Ok(Some(Chap {
        outgoing: Name {
            name: name.clone(),
            secret: secret::read(&asked.secret, ctx.deadline)?,
        },
        incoming,
    }))
}
