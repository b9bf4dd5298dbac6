//! Tables for people and lines for programs.
//!
//! On a terminal columns are aligned and the widest one gives way where the line is too long, with `...` where
//! something is cut. In a pipe the same cells are separated by tabs, whole, without a header.

use crate::Env;
use std::io::IsTerminal;

/// The columns' names and the cells.
pub(super) struct Table {
    pub(super) head: Vec<&'static str>,
    pub(super) rows: Vec<Vec<String>>,
}

const GAP: usize = 2;
/// A column is not cut below this.
const NARROWEST: usize = 16;
/// Where the terminal does not tell its width.
const USUAL_WIDTH: usize = 100;

impl Table {
    /// As stdout wants it.
    pub(super) fn render(&self, env: &Env) -> String {
        if std::io::stdout().is_terminal() { self.aligned(width(env)) } else { self.lines() }
    }

    /// Cells separated by tabs.
    pub(super) fn lines(&self) -> String {
        self.rows
            .iter()
            .map(|row| row.iter().map(|cell| one_line(cell)).collect::<Vec<_>>().join("\t") + "\n")
            .collect()
    }

    /// Columns of equal width, at most `width` characters a line where that is possible.
    pub(super) fn aligned(&self, width: usize) -> String {
        let head: Vec<String> = self.head.iter().map(|name| (*name).to_owned()).collect();
        let all = || std::iter::once(&head).chain(&self.rows);
        let longest = |column: usize| all().filter_map(|row| row.get(column)).map(|cell| length(cell)).max();
        let mut widths: Vec<usize> = (0..head.len()).map(|column| longest(column).unwrap_or(0)).collect();
        loop {
            let taken = widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
            let Some(widest) = widths.iter_mut().max() else { break };
            if taken <= width || *widest <= NARROWEST {
                break;
            }
            *widest = NARROWEST.max(widest.saturating_sub(taken - width));
        }
        let mut text = String::new();
        for row in all() {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                let cell = cut(&one_line(cell), *width);
                line.push_str(&cell);
                line.extend(std::iter::repeat_n(' ', width - length(&cell) + GAP));
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// A cell takes one line and one column, whatever a name holds.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn cut(text: &str, width: usize) -> String {
    if length(text) <= width {
        return text.to_owned();
    }
    // Ids differ at their ends as well as at their beginnings.
    let kept = width.saturating_sub(3);
    let head: String = text.chars().take(kept.div_ceil(2)).collect();
    let tail: String = text.chars().skip(length(text) - kept / 2).collect();
    format!("{head}...{tail}")
}

/// `COLUMNS`, else what the terminal says.
fn width(env: &Env) -> usize {
    let said =
        env.get("COLUMNS").and_then(|columns| columns.trim().parse().ok()).filter(|columns| *columns > 0);
    said.or_else(|| terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)))
        .unwrap_or(USUAL_WIDTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        Table {
            head: vec!["Model", "Ctx"],
            rows: vec![
                vec!["eu.anthropic.claude-sonnet-4-5-20250929-v1:0".to_owned(), "200k".to_owned()],
                vec!["tab\tand\nline".to_owned(), "1M".to_owned()],
            ],
        }
    }

    #[test]
    fn wide_terminals_see_everything() {
        let text = table().aligned(80);
        assert_eq!(
            text,
            "Model                                         Ctx\n\
             eu.anthropic.claude-sonnet-4-5-20250929-v1:0  200k\n\
             tab and line                                  1M\n"
        );
    }

    #[test]
    fn narrow_ones_see_where_something_is_cut() {
        for (width, first) in [(30, "eu.anthropi...50929-v1:0  200k"), (3, "eu.anth...9-v1:0  200k")] {
            assert_eq!(table().aligned(width).lines().nth(1), Some(first), "{width}");
        }
    }

    #[test]
    fn pipes_get_whole_cells_on_one_line_each() {
        assert_eq!(table().lines(), "eu.anthropic.claude-sonnet-4-5-20250929-v1:0\t200k\ntab and line\t1M\n");
    }
}
