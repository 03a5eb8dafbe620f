//! `iscsiuio` as it is installed: the program, its units, its man page and completions.
//!
//! Owns where each file stands and what is made of the program's own command line. The program is static as `hbactl` is, but at an address
//! of the kernel's choice (a static PIE): it is privileged and reads what a network sends.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::{Command, CommandFactory as _};
use clap_complete::Shell;
use iscsiuio::daemon::Options;

use crate::workspace::{cargo, must, root, target_dir};

/// Its name everywhere.
const NAME: &str = "iscsiuio";
/// The section for daemons, as the units name the page.
const SECTION: &str = "8";
const SHELLS: [Shell; 3] = [Shell::Bash, Shell::Zsh, Shell::Fish];
/// What the service manager needs, below `packaging`.
const PACKAGING: [&str; 3] = [
    "systemd/iscsiuio.service",
    "systemd/iscsiuio.socket",
    "tmpfiles.d/iscsiuio.conf",
];

/// Builds it and writes all of it below `out`; what was written.
pub(super) fn install(out: &Path) -> Result<Vec<PathBuf>> {
    let program = build()?;
    let mut written = vec![put(out, NAME, &fs::read(&program)?)?];
    fs::set_permissions(out.join(NAME), fs::metadata(&program)?.permissions())?;
    for name in PACKAGING {
        let from = root().join("packaging").join(name);
        let text = fs::read(&from).with_context(|| format!("cannot read {}", from.display()))?;
        written.push(put(out, name, &text)?);
    }
    for (name, text) in documents()? {
        written.push(put(out, &name, &text)?);
    }
    Ok(written)
}

fn put(out: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf> {
    let path = out.join(name);
    let dir = path.parent().context("a file has a directory")?;
    fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// Builds it; where it is.
fn build() -> Result<PathBuf> {
    let triple = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    must(
        cargo(&["build", "--profile", "dist", "--quiet"])
            .args(["--package", NAME, "--bin", NAME, "--target", &triple])
            .arg("--config")
            .arg(format!(
                "target.{triple}.rustflags=[\"-Ctarget-feature=+crt-static\"]"
            ))
            .env_remove("RUSTFLAGS"),
    )?;
    let program = target_dir().join(&triple).join("dist").join(NAME);
    ensure!(program.is_file(), "cargo built no {}", program.display());
    Ok(program)
}

/// The man page and the completions, of the program's own definition of its command line: their names and texts.
fn documents() -> Result<Vec<(String, Vec<u8>)>> {
    let mut all = vec![(format!("man/man{SECTION}/{NAME}.{SECTION}"), manual()?)];
    for shell in SHELLS {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut command(), NAME, &mut script);
        all.push((format!("completions/{NAME}.{shell}"), script));
    }
    Ok(all)
}

fn manual() -> Result<Vec<u8>> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command())
        .section(SECTION)
        .manual("System Administration")
        .render(&mut page)?;
    Ok(page)
}

/// Its command line, without what is for its own processes only.
fn command() -> Command {
    let whole = Options::command();
    // All crates have one version.
    let mut shown = Command::new(NAME)
        .version(env!("CARGO_PKG_VERSION"))
        .disable_version_flag(true);
    if let Some(about) = whole.get_about() {
        shown = shown.about(about.clone());
    }
    if let Some(about) = whole.get_long_about() {
        shown = shown.long_about(about.clone());
    }
    shown.args(whole.get_arguments().filter(|arg| !arg.is_hide_set()).cloned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts() -> Vec<(String, String)> {
        let all = documents().unwrap().into_iter();
        all.map(|(name, text)| (name, String::from_utf8(text).unwrap()))
            .collect()
    }

    #[test]
    fn page_and_completions_have_every_option_that_people_give_and_no_other() {
        for (name, text) in texts() {
            // roff writes a hyphen as `\-`, fish an option without its dashes.
            let text = text.replace("\\-", "-");
            for arg in Options::command().get_arguments() {
                let long = arg.get_long().expect("every option has a long name");
                let option = if name.ends_with("fish") {
                    format!("-l {long}")
                } else {
                    format!("--{long}")
                };
                assert_eq!(text.contains(&option), !arg.is_hide_set(), "{option} in {name}");
            }
        }
    }

    #[test]
    fn the_page_is_the_one_that_the_units_name() {
        let (name, text) = texts().remove(0);
        assert_eq!(name, "man/man8/iscsiuio.8");
        assert!(text.contains(".TH iscsiuio 8 "), "{text}");
        for unit in PACKAGING.iter().filter(|name| name.starts_with("systemd")) {
            let unit = fs::read_to_string(root().join("packaging").join(unit)).unwrap();
            assert!(unit.contains("Documentation=man:iscsiuio(8)"), "{unit}");
        }
    }

    #[test]
    fn everything_in_the_directory_of_packaging_is_installed() {
        let mut there = Vec::new();
        for dir in ["systemd", "tmpfiles.d"] {
            for entry in fs::read_dir(root().join("packaging").join(dir)).unwrap() {
                let name = entry.unwrap().file_name();
                there.push(format!("{dir}/{}", name.to_string_lossy()));
            }
        }
        there.sort();
        assert_eq!(there, PACKAGING);
        let dir = tempfile::tempdir().unwrap();
        let path = put(dir.path(), PACKAGING[2], b"d").unwrap();
        assert_eq!(
            fs::read(dir.path().join("tmpfiles.d/iscsiuio.conf")).unwrap(),
            b"d"
        );
        assert!(path.starts_with(dir.path()));
    }
}
