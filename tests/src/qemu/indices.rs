//! How old the distribution's package indices may be that the private root is made of.
//!
//! Owns the limit. apt checks it, as it checks the signature: an old index is as well signed as a new one, and whoever stands between us
//! and the mirror may replay it. Source: apt.conf(5), `Acquire::{Check-Date,Check-Valid-Until,Min-ValidTime,Max-ValidTime}`.

use std::env;

use anyhow::{Context, Error, Result, bail};

/// An index says itself how long it is valid, but for a release's: that changes with point releases only, and no more after its years.
const DAYS: u32 = 400;
/// The variable that sets another limit, for mirrors that stand still; then what an index says of itself does not count.
const VARIABLE: &str = "HBA_QEMU_MAX_AGE_DAYS";

/// apt's settings, as names and values.
pub(super) fn settings() -> Result<Vec<(&'static str, String)>> {
    limits(env::var(VARIABLE).ok().as_deref())
}

fn limits(days: Option<&str>) -> Result<Vec<(&'static str, String)>> {
    let seconds = |days: u32| (u64::from(days) * 24 * 60 * 60).to_string();
    let mut all = vec![
        ("Acquire::Check-Date", "true".to_owned()),
        ("Acquire::Check-Valid-Until", "true".to_owned()),
        ("Acquire::AllowInsecureRepositories", "false".to_owned()),
    ];
    match days {
        None => all.push(("Acquire::Max-ValidTime", seconds(DAYS))),
        Some(text) => {
            let days: u32 = text
                .parse()
                .with_context(|| format!("{VARIABLE} is {text:?}, which is no number of days"))?;
            if days == 0 {
                bail!("{VARIABLE} is 0: no index is as young");
            }
            all.push(("Acquire::Min-ValidTime", seconds(days)));
            all.push(("Acquire::Max-ValidTime", seconds(days)));
        }
    }
    Ok(all)
}

/// What to do about an index that apt refuses for its date.
pub(super) fn explain(error: Error) -> Error {
    let said = format!("{error:#}");
    let hint = if said.contains("is expired") || said.contains("Valid-Until") {
        "the mirror's package indices are too old"
    } else if said.contains("is not valid yet") {
        "the mirror's package indices are from the future: is this machine's clock right?"
    } else {
        return error;
    };
    error.context(format!(
        "{hint}; another mirror in /etc/apt/sources.list, or {VARIABLE}=N for one that stands still"
    ))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::process::Command;

    use super::*;
    use crate::need::{Need, left_out};
    use crate::qemu::cache::run;

    /// What `date -d WHEN` writes in an index.
    fn date(when: &str) -> String {
        let mut date = Command::new("date");
        date.args(["-u", "-d", when, "+%a, %d %b %Y %H:%M:%S UTC"]);
        run(date.env("LC_ALL", "C")).unwrap().trim().to_owned()
    }

    /// What apt says of an index that was made `made` ago and says that it is valid until then.
    fn update(made: &str, until: Option<&str>, days: Option<&str>) -> Result<String> {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let suite = at("mirror/dists/lab");
        fs::create_dir_all(suite.join("main/binary-amd64")).unwrap();
        fs::write(suite.join("main/binary-amd64/Packages"), "").unwrap();
        let until = until.map_or(String::new(), |when| format!("Valid-Until: {}\n", date(when)));
        let release = format!(
            "Origin: Lab\nSuite: lab\nCodename: lab\nDate: {}\n{until}Architectures: amd64\nComponents: main\nSHA256:\n \
             e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 main/binary-amd64/Packages\n",
            date(made)
        );
        fs::write(suite.join("Release"), release).unwrap();
        fs::write(
            at("sources"),
            format!(
                "deb [trusted=yes arch=amd64] file:{} lab main\n",
                at("mirror").display()
            ),
        )
        .unwrap();
        for name in ["state/lists/partial", "cache/archives/partial", "etc"] {
            fs::create_dir_all(at(name)).unwrap();
        }
        fs::write(at("state/status"), "").unwrap();
        let mut apt = Command::new("apt-get");
        apt.args(["-q", "update"]).env("LC_ALL", "C");
        let place = |path: &Path| path.display().to_string();
        let mut options = vec![
            ("Dir::Etc", place(&at("etc"))),
            ("Dir::Etc::SourceList", place(&at("sources"))),
            ("Dir::State", place(&at("state"))),
            ("Dir::State::status", place(&at("state/status"))),
            ("Dir::Cache", place(&at("cache"))),
            ("APT::Architecture", "amd64".to_owned()),
            ("APT::Sandbox::User", String::new()),
            // What the machine does after an update of its own is none of ours.
            ("APT::Update::Post-Invoke-Success", String::new()),
        ];
        options.extend(limits(days).unwrap());
        for (name, value) in options {
            apt.args(["-o", &format!("{name}={value}")]);
        }
        run(&mut apt).map_err(explain)
    }

    #[test]
    fn apt_refuses_indices_that_are_too_old_or_not_yet_made() {
        let test = "apt_refuses_indices_that_are_too_old_or_not_yet_made";
        if left_out(test, &[Need::Tool("apt-get", "apt")]) {
            return;
        }
        let refused = |made, until, days| format!("{:#}", update(made, until, days).unwrap_err());
        update("2 hours ago", Some("tomorrow"), None).unwrap();
        update("2 hours ago", None, None).unwrap();
        update("300 days ago", None, None).unwrap();
        for (made, until) in [("9 days ago", Some("2 days ago")), ("500 days ago", None)] {
            let said = refused(made, until, None);
            assert!(
                said.contains("too old") && said.contains(VARIABLE),
                "{made}: {said}"
            );
            update(made, until, Some("600")).unwrap();
            assert!(refused(made, until, Some("3")).contains("too old"), "{made}");
        }
        assert!(refused("2 days", Some("9 days"), None).contains("from the future"));
    }

    #[test]
    fn a_limit_is_a_number_of_days() {
        assert!(format!("{:#}", limits(Some("many")).unwrap_err()).contains("no number of days"));
        assert!(limits(Some("0")).is_err());
    }
}
