//! `hbactl flash`.

use hba::ids::Portal;
use hba::model::FlashTarget;
use hba::ops::flash::{self, Asking, Clash, FlashSettings, NewFlashTarget};
use hba::params::{Assignment, FlashnodeParam, Parameter};
use hba::{Change, Ctx, Result};

use crate::args::Format;
use crate::args::flash::Verb;
use crate::output::{Done, Out};
use crate::view;

pub(crate) fn run(ctx: &mut Ctx<'_>, out: &Out, verb: &Verb) -> Done {
    match verb {
        Verb::List(which) => {
            let all = flash::list(ctx, which.adapter.as_ref())?;
            out.list("flash.list", &all, &ctx.warnings, view::flash::table)
        }
        Verb::Show(which) => {
            let one = flash::show(ctx, which.adapter.adapter.as_ref(), which.index)?;
            out.one("flash.show", &one, &ctx.warnings, view::flash::details)
        }
        Verb::Add(add) => {
            let new = NewFlashTarget {
                target_name: add.target.clone(),
                address: add.portal.address,
                port: add.portal.port,
                tpgt: tag(add.portal, add.tpgt)?,
                chap: add.chap,
                bidi_chap: add.bidi,
                params: parse(&add.params)?,
            };
            let mut change = flash::add(ctx, add.adapter.adapter.as_ref(), &new)?;
            if out.format() != Format::Json {
                keep_asked(&mut change, &new);
            }
            let subject = change
                .after()
                .map_or_else(|| "flash target".to_owned(), FlashTarget::describe);
            out.change("flash.add", &subject, &change, &ctx.warnings)
        }
        Verb::Set(set) => {
            let settings = FlashSettings {
                chap: if set.no_chap {
                    Some(None)
                } else {
                    set.chap.map(Some)
                },
                bidi_chap: set.bidi,
                new_isid: set.new_isid,
                params: parse(&set.params)?,
            };
            let change = flash::set(
                ctx,
                set.which.adapter.adapter.as_ref(),
                set.which.index,
                &settings,
            )?;
            out.change(
                "flash.set",
                &format!("flash target {}", set.which.index),
                &change,
                &ctx.warnings,
            )
        }
        Verb::Remove(remove) => {
            ctx.force = remove.force;
            let which = &remove.which;
            let mut change = flash::remove(ctx, which.adapter.adapter.as_ref(), which.index)?;
            if out.format() != Format::Json {
                change.keep(is_identity);
            }
            out.change(
                "flash.remove",
                &format!("flash target {}", which.index),
                &change,
                &ctx.warnings,
            )
        }
        Verb::Login(login) => {
            ctx.force = login.force;
            let which = &login.which;
            let clash = if login.fix { Clash::Mend } else { Clash::Refuse };
            let change = flash::login(ctx, which.adapter.adapter.as_ref(), which.index, clash)?;
            out.change(
                "flash.login",
                &format!("login to flash target {}", which.index),
                &change,
                &ctx.warnings,
            )
        }
        Verb::Logout(logout) => {
            ctx.force = logout.force;
            let which = &logout.which;
            let change = flash::logout(ctx, which.adapter.adapter.as_ref(), which.index)?;
            out.change(
                "flash.logout",
                &format!("logout of flash target {}", which.index),
                &change,
                &ctx.warnings,
            )
        }
        Verb::Discover(discover) => {
            let id = discover.adapter.adapter.as_ref();
            if discover.no_login {
                let listing = flash::list_targets(ctx, id, discover.portal, discover.chap)?;
                return view::flash::listing(out, &listing, &ctx.warnings);
            }
            let asking = Asking {
                at: discover.portal,
                chap: discover.chap,
                keep: discover.keep,
                adapter_only: discover.adapter_only,
            };
            let found = if discover.add {
                flash::discover_and_add(ctx, id, asking)?
            } else {
                flash::discover(ctx, id, asking)?
            };
            view::flash::discovery(out, &found, &ctx.warnings)
        }
        Verb::Params => params(out),
    }
}

/// Names, ranges and units.
pub(crate) fn params(out: &Out) -> Done {
    view::params::table::<FlashnodeParam>(out, "flash.params")
}

/// A new entry differs from nothing in every parameter; people want to see those they asked for (JSON has them all).
fn keep_asked(change: &mut Change<FlashTarget>, new: &NewFlashTarget) {
    change.keep(|field| {
        let asked = new.params.iter().any(|p| p.name() == field);
        asked
            || is_identity(field)
            || field == FlashnodeParam::Isid.name()
            || (field == FlashnodeParam::ChapOutIdx.name() && new.chap.is_some())
    });
}

/// Whether a parameter says which target an entry is.
fn is_identity(field: &str) -> bool {
    use FlashnodeParam::{Ipaddr, Name, Port, Tpgt};
    [Name, Ipaddr, Port, Tpgt]
        .iter()
        .any(|param| param.name() == field)
}

/// The tag is said once, or twice alike.
fn tag(portal: Portal, tpgt: Option<u16>) -> Result<Option<u16>> {
    match (portal.tag, tpgt) {
        (Some(one), Some(other)) if one != other => Err(hba::Error::new(
            hba::Kind::Invalid,
            format!("use the portal {portal}"),
        )
        .answered(format!("its tag is {one}, and --tpgt says {other}"))),
        (one, other) => Ok(one.or(other)),
    }
}

fn parse(params: &[String]) -> Result<Vec<Assignment<FlashnodeParam>>> {
    params.iter().map(|param| Assignment::parse(param)).collect()
}
