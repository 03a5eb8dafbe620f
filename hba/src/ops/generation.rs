//! A number that stands for the configuration of an adapter port: whoever kept it from before sees at once whether anything was changed
//! meanwhile, by whomever.
//!
//! Owns what belongs to a configuration: flash targets, settings of interfaces, CHAP entries. CHAP secrets are part of it through a key of
//! this machine's, so that the number says that one has changed and nothing about what it is. Must not know who asks.

use files::Dir;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::adapter::{driver, resolve_key};
use super::chap::records;
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::ids::{AdapterId, HostNo};
use crate::model::ChapDirection;
use crate::params::{ParamValue, Parameter, Params};
use crate::quirks::iface;

/// The key's file in the program's state directory, and its length in bytes.
const KEY: (&str, usize) = ("generation.key", 32);

/// The generation of a port's configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Generation {
    /// The port.
    pub host: HostNo,
    /// The number, as 16 hex digits: the same as long as nothing is changed. Only numbers of one machine and user can be compared.
    pub id: String,
    /// Whether the CHAP table is part of it; it is not where it could not be read.
    pub chap: bool,
}

/// The generation of a port's configuration.
///
/// # Errors
/// [`crate::Kind::NotFound`]; the adapter cannot be read, or the key cannot be kept.
pub fn of(ctx: &mut Ctx<'_>, id: Option<&AdapterId>) -> Result<Generation> {
    let key = resolve_key(ctx, id)?;
    let able = driver(&key).features(None);
    let mut sum = Sum::begin(ctx)?;
    for name in [&key.serial, &key.mac, &key.transport] {
        sum.text(name.as_deref().unwrap_or_default());
    }
    for target in if able.flash {
        ctx.backend.flash_targets(key.host)?
    } else {
        Vec::new()
    } {
        sum.number(target.index);
        sum.params(&target.params, |_| true);
    }
    for one in ctx.backend.ifaces(key.host)? {
        sum.text(&one.name);
        // What is only told (the state of an address) is no configuration.
        sum.params(&one.params, |param| iface(param).why_not().is_none());
    }
    let chap = if able.chap_table {
        records(ctx, key.host).ok()
    } else {
        None
    };
    for record in chap.iter().flatten() {
        sum.number(u32::from(record.index));
        sum.text(match record.direction {
            ChapDirection::In => "in",
            ChapDirection::Out => "out",
        });
        sum.text(&record.username);
        sum.bytes(record.secret.expose());
    }
    Ok(Generation {
        host: key.host,
        id: sum.end(),
        chap: chap.is_some(),
    })
}

/// What is summed up, each part with its length before it, so that no two configurations look alike.
struct Sum(Sha256);

impl Sum {
    fn begin(ctx: &Ctx<'_>) -> Result<Self> {
        let mut sum = Self(Sha256::new());
        sum.bytes(&key(ctx)?);
        Ok(sum)
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn number(&mut self, number: u32) {
        self.bytes(&number.to_be_bytes());
    }

    fn params<P: Parameter + Copy>(&mut self, params: &Params<P>, wanted: impl Fn(P) -> bool) {
        for (param, value) in params.iter().filter(|(param, _)| wanted(*param)) {
            self.text(param.name());
            self.text(&value.as_ref().map(ParamValue::to_string).unwrap_or_default());
        }
    }

    fn end(self) -> String {
        let digest = self.0.finalize();
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// This machine's key, made at its first use.
fn key(ctx: &Ctx<'_>) -> Result<Zeroizing<Vec<u8>>> {
    let tried = "keep the key of generations";
    let fault = |e: &files::Error| Error::file(tried.to_owned(), e);
    let dir = Dir::private(&ctx.home.state).map_err(|e| fault(&e))?;
    let (name, length) = KEY;
    let read = || dir.read(name, 64).map_err(|e| fault(&e));
    if let Some(key) = read()?.filter(|key| key.len() == length) {
        return Ok(Zeroizing::new(key));
    }
    let mut key = Zeroizing::new(vec![0; length]);
    getrandom::fill(&mut key)
        .map_err(|e| Error::new(crate::Kind::Failed, tried).answered(format!("no random bytes: {e}")))?;
    dir.replace(name, &key).map_err(|e| fault(&e))?;
    // Of two that made one at once, the one that stayed is the key.
    Ok(Zeroizing::new(read()?.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{H0, flash, home, iface as an_iface, key as a_port};
    use super::*;
    use crate::backend::ChapRecord;
    use crate::backend::scripted::{Call, Scripted};
    use crate::model::FlashTarget;
    use crate::secret::Secret;
    use crate::{Deadline, Kind};

    fn id(dir: &std::path::Path, target: FlashTarget, secret: Option<&str>, state: &str) -> Generation {
        let mut s = Scripted::new();
        let mut iface = an_iface(&[("ipaddress_state", state)]);
        iface.present = true;
        s.expect(Call::AdapterKeys, Ok(vec![a_port()]))
            .expect(Call::FlashTargets(H0), Ok(vec![target]))
            .expect(Call::Ifaces(H0), Ok(vec![iface]));
        let record = |secret: &str| ChapRecord {
            index: 3,
            direction: ChapDirection::Out,
            username: "us".into(),
            secret: Secret::stored(secret.as_bytes().to_vec()),
        };
        match secret {
            Some(secret) => s.expect(Call::ChapPage(H0, 0), Ok(vec![record(secret)])),
            None => {
                s.expect::<Vec<ChapRecord>>(Call::ChapPage(H0, 0), Err(Error::new(Kind::Permission, "x")))
            }
        };
        let deadline = Deadline::after(std::time::Duration::from_secs(9));
        let mut ctx = Ctx::new(&mut s, deadline, home(dir));
        let told = of(&mut ctx, None).expect("told");
        s.finish();
        told
    }

    #[test]
    fn it_changes_with_every_change_and_with_nothing_else() {
        let dir = tempfile::tempdir().expect("dir");
        let at = dir.path().join("state");
        let same = || flash(1, &[]);
        let first = id(&at, same(), Some("secret-secret"), "Valid");
        assert!(first.chap && first.id.len() == 16, "{first:?}");
        assert_eq!(first, id(&at, same(), Some("secret-secret"), "Valid"));
        assert_eq!(
            first,
            id(&at, same(), Some("secret-secret"), "Tentative"),
            "a state is told, not set"
        );
        for other in [
            id(&at, flash(2, &[]), Some("secret-secret"), "Valid"),
            id(&at, flash(1, &[("tpgt", "2")]), Some("secret-secret"), "Valid"),
            id(&at, same(), Some("secret-secreT"), "Valid"),
            id(&at, same(), None, "Valid"),
        ] {
            assert_ne!(first.id, other.id, "{other:?}");
        }
        // Another machine's key makes another number of the same.
        assert_ne!(
            first.id,
            id(&dir.path().join("other"), same(), Some("secret-secret"), "Valid").id
        );
    }
}
