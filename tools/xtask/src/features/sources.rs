//! The names of tests in Rust sources, without building them.
//!
//! Owns how a file's tokens are read: modules (in the file, in their own files, under `#[path]`), functions with `#[test]`, and
//! those inside of `proptest!`. Must not know crates. Source: the Rust reference, "Module source filenames".

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A test.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// `module::name`, from the crate on.
    pub name: String,
    /// It is not run by itself.
    pub ignored: bool,
}

/// Macros whose contents are items of the place where they stand.
const OF_ITEMS: &[&str] = &["proptest"];
/// What gives a check its name.
const NAMERS: &[&str] = &["check", "also", "fault"];

/// Every test of the crate that begins with this file.
///
/// # Errors
/// A file is missing or is not Rust.
pub(super) fn tests(root: &Path) -> Result<Vec<Found>> {
    let dir = root.parent().context("a file has a directory")?;
    let mut found = Vec::new();
    file(root, dir, &mut Vec::new(), &mut found)?;
    Ok(found)
}

/// First arguments of calls that name a check.
///
/// # Errors
/// It is not Rust.
pub(super) fn checks(source: &str) -> Result<Vec<String>> {
    let mut found = Vec::new();
    calls(tokens(source)?, &mut found);
    Ok(found)
}

fn tokens(source: &str) -> Result<TokenStream> {
    source.parse().map_err(|error| anyhow!("not Rust: {error}"))
}

/// A file whose modules' files lie in `dir`.
fn file(path: &Path, dir: &Path, at: &mut Vec<String>, found: &mut Vec<Found>) -> Result<()> {
    let source = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let read = tokens(&source).and_then(|tokens| items(tokens, &Place { file: path, dir }, at, found));
    read.with_context(|| path.display().to_string())
}

/// Where items stand.
struct Place<'p> {
    file: &'p Path,
    dir: &'p Path,
}

/// What stands before an item.
#[derive(Default)]
struct Attributes {
    test: bool,
    ignored: bool,
    path: Option<String>,
}

impl Attributes {
    fn take(&mut self, attribute: TokenStream) {
        let tokens: Vec<TokenTree> = attribute.into_iter().collect();
        let name = |tree: &TokenTree, word: &str| matches!(tree, TokenTree::Ident(ident) if ident == word);
        match &tokens[..] {
            [.., last] if name(last, "test") => self.test = true,
            [first, ..] if name(first, "ignore") => self.ignored = true,
            [first, _, TokenTree::Literal(literal)] if name(first, "path") => {
                self.path = text(&literal.to_string());
            }
            _ => {}
        }
    }
}

fn items(stream: TokenStream, place: &Place<'_>, at: &mut Vec<String>, found: &mut Vec<Found>) -> Result<()> {
    let mut tokens = stream.into_iter().peekable();
    let mut attributes = Attributes::default();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '#' => {
                let inner = tokens.next_if(|next| matches!(next, TokenTree::Punct(p) if p.as_char() == '!'));
                if let Some(TokenTree::Group(group)) = tokens.next()
                    && inner.is_none()
                {
                    attributes.take(group.stream());
                }
            }
            TokenTree::Ident(word) if word == "fn" => {
                if let Some(TokenTree::Ident(name)) = tokens.peek()
                    && attributes.test
                {
                    at.push(name.to_string());
                    found.push(Found {
                        name: at.join("::"),
                        ignored: attributes.ignored,
                    });
                    at.pop();
                }
            }
            TokenTree::Ident(word) if word == "mod" => {
                let Some(TokenTree::Ident(name)) = tokens.next() else {
                    continue;
                };
                at.push(name.to_string());
                match tokens.next() {
                    Some(TokenTree::Group(group)) => {
                        let dir = place.dir.join(at.last().map_or("", String::as_str));
                        items(
                            group.stream(),
                            &Place {
                                file: place.file,
                                dir: &dir,
                            },
                            at,
                            found,
                        )?;
                    }
                    _ => module(place, attributes.path.as_deref(), at, found)?,
                }
                at.pop();
                attributes = Attributes::default();
            }
            TokenTree::Ident(word) if OF_ITEMS.iter().any(|name| word == name) => {
                let bang = tokens.next_if(|next| matches!(next, TokenTree::Punct(p) if p.as_char() == '!'));
                if let (Some(_), Some(TokenTree::Group(group))) = (bang, tokens.peek().cloned()) {
                    items(group.stream(), place, at, found)?;
                }
            }
            // An item ends.
            TokenTree::Punct(punct) if punct.as_char() == ';' => attributes = Attributes::default(),
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                attributes = Attributes::default();
            }
            _ => {}
        }
    }
    Ok(())
}

/// A module with a file of its own.
fn module(place: &Place<'_>, path: Option<&str>, at: &mut Vec<String>, found: &mut Vec<Found>) -> Result<()> {
    let name = at.last().cloned().unwrap_or_default();
    if let Some(path) = path {
        let file_of = place.file.parent().unwrap_or(place.dir).join(path);
        let dir = file_of.parent().unwrap_or(place.dir).to_path_buf();
        return file(&file_of, &dir, at, found);
    }
    let dir = place.dir.join(&name);
    let ways: [PathBuf; 2] = [place.dir.join(format!("{name}.rs")), dir.join("mod.rs")];
    let there = ways.iter().find(|path| path.is_file());
    let there = there.with_context(|| format!("mod {name} has no file"))?;
    file(there, &dir, at, found)
}

fn calls(stream: TokenStream, found: &mut Vec<String>) {
    let mut named = false;
    for token in stream {
        match token {
            TokenTree::Ident(word) => named = NAMERS.iter().any(|name| word == name),
            TokenTree::Group(group) => {
                if named && group.delimiter() == Delimiter::Parenthesis {
                    found.extend(first_text(group.stream()));
                }
                named = false;
                calls(group.stream(), found);
            }
            _ => named = false,
        }
    }
}

/// The text that an argument list begins with: `"…"` or `&format!("…")`.
fn first_text(stream: TokenStream) -> Option<String> {
    for token in stream {
        match token {
            TokenTree::Literal(literal) => return text(&literal.to_string()),
            TokenTree::Group(group) => return first_text(group.stream()),
            TokenTree::Punct(punct) if punct.as_char() == ',' => return None,
            _ => {}
        }
    }
    None
}

/// What a plain string literal says; escapes other than of quotes are not needed here.
fn text(literal: &str) -> Option<String> {
    let inside = literal.strip_prefix('"')?.strip_suffix('"')?;
    Some(inside.replace("\\\"", "\""))
}

#[cfg(test)]
mod tests;
