//! The result of an import: how many rows were copied, and a line for each row that was left or changed.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;

/// What an import did.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    /// How many rows were copied.
    pub counts: Counts,
    /// Every row that was not copied, or not as it was.
    pub lines: Vec<Line>,
    /// Users who are here by the same email under another id: the old id and the present one.
    pub(super) known_as: HashMap<String, String>,
    /// Users whose sign-in asked for a code, by their old id, and whose app was not found yet.
    pub(super) asked_for_code: BTreeSet<String>,
    /// Users who came in this run, by id. Who was here before may have signed out since, or set another app up.
    pub(super) arrived: BTreeSet<String>,
}

/// How many rows were copied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Users.
    pub users: u64,
    /// Passwords and other accounts.
    pub accounts: u64,
    /// Sessions.
    pub sessions: u64,
    /// Verification links that are not used yet.
    pub verifications: u64,
    /// Authenticator apps.
    pub second_factors: u64,
    /// Places in the queue.
    pub places: u64,
    /// Leads.
    pub leads: u64,
    /// Rows that were not copied. Each has its line.
    pub left: u64,
}

/// What became of a row that is not simply copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was not copied.
    Left,
    /// It was copied with a change.
    Changed,
}

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The old table.
    pub table: &'static str,
    /// The row's old id.
    pub id: String,
    /// What became of it.
    pub fate: Fate,
    /// Why, in one sentence.
    pub reason: String,
}

impl Imported {
    /// Notes the users who signed in with a code by email: it is not offered here.
    pub(super) fn name_lost_factors(&mut self) {
        for id in std::mem::take(&mut self.asked_for_code) {
            let reason = "signed in with a code by email, which is not offered here: the password alone is enough now";
            self.changed("user", &id, reason);
        }
    }

    /// Notes what was changed in a row that is copied.
    pub(super) fn changed(&mut self, table: &'static str, id: &str, reason: impl Into<String>) {
        self.line(table, id, Fate::Changed, reason.into());
    }

    /// Notes a row that is not copied.
    pub(super) fn left(&mut self, table: &'static str, id: &str, reason: impl Into<String>) {
        self.counts.left += 1;
        self.line(table, id, Fate::Left, reason.into());
    }

    fn line(&mut self, table: &'static str, id: &str, fate: Fate, reason: String) {
        self.lines.push(Line {
            table,
            id: id.to_owned(),
            fate,
            reason,
        });
    }

    /// The present id of an old user.
    pub(super) fn user_here<'id>(&'id self, old: &'id str) -> &'id str {
        self.known_as.get(old).map_or(old, String::as_str)
    }

    /// The report as tab-separated values, the first line naming the columns.
    pub fn table(&self) -> String {
        let mut table = "table\tid\twhat\twhy\n".to_owned();
        for line in &self.lines {
            let fate = match line.fate {
                Fate::Left => "left",
                Fate::Changed => "changed",
            };
            let _ = writeln!(
                table,
                "{}\t{}\t{fate}\t{}",
                line.table,
                one_cell(&line.id),
                one_cell(&line.reason)
            );
        }
        table
    }
}

fn one_cell(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::Imported;

    #[test]
    fn every_line_is_one_row_of_the_table() {
        let mut imported = Imported::default();
        imported.left("lead", "1\t2", "has no number");
        imported.changed("user", "u1", "two\nlines");
        assert_eq!(imported.counts.left, 1);
        assert_eq!(
            imported.table(),
            "table\tid\twhat\twhy\nlead\t1 2\tleft\thas no number\nuser\tu1\tchanged\ttwo lines\n"
        );
    }
}
