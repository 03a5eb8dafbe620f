//! A document's console blocks, each with the comment before it.
//!
//! Owns the convention. Source: CommonMark's fences and HTML comments, as far as the documents use them.

use anyhow::{Result, bail, ensure};

/// A console block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The line that it begins at, from 1.
    pub line: usize,
    /// What the comment before it says.
    pub mark: Option<Mark>,
    /// Its commands and what they print.
    pub steps: Vec<Step>,
}

/// `<!-- run LAB [quiet] … -->`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The place where it runs; blocks of one document with the same name go on from each other.
    pub lab: String,
    /// What the commands print is not shown; they must succeed.
    pub quiet: bool,
    /// Commands that nobody is shown, before the block.
    pub before: Vec<String>,
}

/// A command, and what it prints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The line after the command's, from 1.
    pub line: usize,
    /// Without the prompt.
    pub command: String,
    /// Line by line.
    pub shown: Vec<String>,
}

/// Every console block of a document.
///
/// # Errors
/// A mark or a block that cannot be read, with its line.
pub fn blocks(text: &str) -> Result<Vec<Block>> {
    let mut blocks = Vec::new();
    let mut mark = None;
    let mut lines = text.lines().enumerate().map(|(n, line)| (n + 1, line));
    while let Some((n, line)) = lines.next() {
        if let Some(begin) = line.strip_prefix("<!-- run ") {
            let mut said = begin.to_owned();
            while !said.contains("-->") {
                let Some((_, more)) = lines.next() else {
                    bail!("line {n}: the comment does not end");
                };
                said = said + "\n" + more;
            }
            ensure!(mark.is_none(), "line {n}: the mark before it has no block");
            mark = Some(read_mark(said.split("-->").next().unwrap_or_default(), n)?);
        } else if let Some(fence) = line.strip_prefix("```") {
            let inside: Vec<&str> = lines
                .by_ref()
                .map(|(_, line)| line)
                .take_while(|line| *line != "```")
                .collect();
            if fence == "console" {
                blocks.push(Block {
                    line: n,
                    mark: mark.take(),
                    steps: steps(&inside, n)?,
                });
            }
            ensure!(mark.is_none(), "line {n}: the mark is not before a console block");
        } else {
            ensure!(
                mark.is_none() || line.is_empty(),
                "line {n}: something stands between the mark and its block"
            );
        }
    }
    ensure!(mark.is_none(), "the last mark has no block");
    Ok(blocks)
}

fn read_mark(said: &str, n: usize) -> Result<Mark> {
    let mut lines = said.lines();
    let mut words = lines.next().unwrap_or_default().split_whitespace();
    let Some(lab) = words.next() else {
        bail!("line {n}: the mark names no lab");
    };
    let mut mark = Mark {
        lab: lab.to_owned(),
        quiet: false,
        before: Vec::new(),
    };
    for word in words {
        match word {
            "quiet" => mark.quiet = true,
            other => bail!("line {n}: a mark knows no {other:?}"),
        }
    }
    for line in lines.map(str::trim).filter(|line| !line.is_empty()) {
        let Some(command) = line.strip_prefix("$ ") else {
            bail!("line {n}: {line:?} in the mark is no command");
        };
        mark.before.push(command.to_owned());
    }
    Ok(mark)
}

fn steps(lines: &[&str], n: usize) -> Result<Vec<Step>> {
    let mut steps: Vec<Step> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        // The fence is line n.
        let next = n + at + 2;
        let goes_on = steps
            .last_mut()
            .filter(|step| step.shown.is_empty() && step.command.ends_with('\\'));
        if let Some(step) = goes_on {
            step.command.push('\n');
            step.command.push_str(line);
            step.line = next;
        } else if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step {
                line: next,
                command: command.to_owned(),
                shown: Vec::new(),
            });
        } else if let Some(step) = steps.last_mut() {
            step.shown.push((*line).to_owned());
        } else {
            bail!("line {n}: the block begins with {line:?}, which is no command");
        }
    }
    ensure!(!steps.is_empty(), "line {n}: the block has no command");
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_has_its_mark_its_commands_and_what_they_print() {
        let text = "# T\n\n<!-- run lab quiet\n$ hidden one\n$ hidden two &\n-->\n```console\n$ a b \\\n    c\nx\n\ny\n$ d\n```\n\n\
                    ```sh\n$ not this\n```\n\n```console\n$ e\n```\n";
        let found = blocks(text).unwrap();
        assert_eq!(found.len(), 2);
        let step = |line: usize, command: &str, shown: &[&str]| Step {
            line,
            command: command.to_owned(),
            shown: shown.iter().map(|&line| line.to_owned()).collect(),
        };
        assert_eq!(
            found[0].steps,
            [step(10, "a b \\\n    c", &["x", "", "y"]), step(14, "d", &[])]
        );
        assert_eq!(
            found[0].mark,
            Some(Mark {
                lab: "lab".to_owned(),
                quiet: true,
                before: vec!["hidden one".to_owned(), "hidden two &".to_owned()],
            })
        );
        assert_eq!((found[1].line, &found[1].mark), (20, &None));
    }

    #[test]
    fn what_is_written_wrongly_is_named_by_its_line() {
        for (text, told) in [
            ("<!-- run a\n", "line 1: the comment does not end"),
            (
                "<!-- run a loud -->\n```console\n$ x\n```\n",
                "line 1: a mark knows no \"loud\"",
            ),
            (
                "<!-- run -->\n```console\n$ x\n```\n",
                "line 1: the mark names no lab",
            ),
            (
                "<!-- run a\nx\n-->\n```console\n$ x\n```\n",
                "line 1: \"x\" in the mark is no command",
            ),
            (
                "<!-- run a -->\n\ntext\n```console\n$ x\n```\n",
                "line 3: something stands between",
            ),
            (
                "<!-- run a -->\n```sh\nx\n```\n",
                "line 2: the mark is not before a console block",
            ),
            ("<!-- run a -->\n", "the last mark has no block"),
            ("```console\nx\n```\n", "line 1: the block begins with \"x\""),
            ("```console\n```\n", "line 1: the block has no command"),
        ] {
            let error = blocks(text).unwrap_err().to_string();
            assert!(error.starts_with(told), "{text:?}: {error}");
        }
    }
}
