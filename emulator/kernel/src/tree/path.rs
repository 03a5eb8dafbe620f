//! Paths inside the tree: the relative text of a link, and following links without leaving the tree.
//!
//! Source: `fs/kernfs/symlink.c` (`kernfs_get_target_path`): a link climbs to the deepest directory that holds its target.

use std::collections::BTreeMap;

/// The text of a link at `link` that points to `target`, both relative to the tree's root.
pub fn relative_link(link: &str, target: &str) -> String {
    let from: Vec<&str> = parent_parts(link);
    let to: Vec<&str> = target.split('/').collect();
    let holder = to.len().saturating_sub(1);
    let common = from.iter().zip(&to[..holder]).take_while(|(a, b)| a == b).count();
    let mut out = String::new();
    for _ in common..from.len() {
        out.push_str("../");
    }
    out.push_str(&to[common..].join("/"));
    out
}

fn parent_parts(path: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    parts
}

/// Follows links in `path`; `None` for a path that climbs, is empty or goes round in circles.
pub(super) fn resolve(links: &BTreeMap<String, String>, path: &str) -> Option<String> {
    let mut rest: Vec<String> = parts_of(path)?;
    rest.reverse();
    let mut at = String::new();
    let mut followed = 0;
    while let Some(part) = rest.pop() {
        let len = at.len();
        if !at.is_empty() {
            at.push('/');
        }
        at.push_str(&part);
        if let Some(target) = links.get(&at) {
            followed += 1;
            if followed > 40 {
                return None;
            }
            at.truncate(len);
            at.clear();
            for p in parts_of(target)?.into_iter().rev() {
                rest.push(p);
            }
        }
    }
    (!at.is_empty()).then_some(at)
}

fn parts_of(path: &str) -> Option<Vec<String>> {
    let mut out = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => return None,
            p => out.push(p.to_owned()),
        }
    }
    (out.len() <= 64).then_some(out)
}
