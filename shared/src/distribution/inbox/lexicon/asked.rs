//! Answers and commands that are no answer to an offer: the result of a visit, assignments, the summary.

use super::requests::{AskedSummary, SaidOfVisit};
use super::words::words;
use super::{Lexicon, is_code, longest};

impl Lexicon {
    /// Parses a manager's assignments: `tugaskan H12 B, H13 C`, the code of each lead and the label of its agent.
    pub(in super::super) fn read_assignments(&self, body: &str) -> Option<Vec<(String, String)>> {
        let words = words(body);
        let length = longest(&self.assign, &words)?;
        let pairs = words[length..].chunks(2);
        let assignments: Option<Vec<_>> = pairs
            .map(|pair| match pair {
                [code, label] if is_code(code) => Some((code.to_uppercase(), label.to_uppercase())),
                _ => None,
            })
            .collect();
        assignments.filter(|assignments| !assignments.is_empty())
    }

    /// Reads what a manager wants of the summary: to see it, or to switch it.
    pub(in super::super) fn read_summary(&self, body: &str) -> Option<AskedSummary> {
        let words = words(body);
        let length = longest(&self.summary, &words)?;
        let rest: Vec<&str> = words[length..].iter().map(String::as_str).collect();
        match rest.as_slice() {
            [] => Some(AskedSummary::Now),
            ["off" | "mati" | "stop" | "berhenti"] => Some(AskedSummary::Off),
            ["on" | "aktif" | "nyala" | "mulai"] => Some(AskedSummary::On),
            _ => None,
        }
    }

    /// Reads what an agent says of a visit: one such phrase, the code of a visit or none, and words that say nothing
    /// else: `sudah K12 pak`.
    pub(in super::super) fn read_visit(&self, body: &str) -> Option<SaidOfVisit> {
        if body.contains('?') {
            return None;
        }
        let words = words(body);
        let mut rest = words.as_slice();
        let mut said: Option<SaidOfVisit> = None;
        let mut code = None;
        while !rest.is_empty() {
            let phrases = self.visits.iter();
            let heard =
                phrases.filter_map(|(outcome, known)| Some((longest(known, rest)?, *outcome)));
            if let Some((length, outcome)) = heard.max_by_key(|(length, _)| *length)
                && said.is_none()
            {
                said = Some(SaidOfVisit {
                    outcome,
                    code: None,
                    phrase: rest[..length].join(" "),
                });
                rest = &rest[length..];
            } else if code.is_none() && is_code(&rest[0]) {
                code = Some(rest[0].to_uppercase());
                rest = &rest[1..];
            } else {
                let fillers = [&self.polite, &self.naming, &self.assent];
                let length = fillers
                    .into_iter()
                    .filter_map(|known| longest(known, rest))
                    .max();
                rest = &rest[length?..];
            }
        }
        said.map(|said| SaidOfVisit { code, ..said })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Lexicon;
    use crate::appointments::VisitOutcome::{Done, NoShow, ToMove};

    #[test]
    fn an_agent_says_what_came_of_a_visit_in_usual_words() {
        let lexicon = Lexicon::default();
        for (body, outcome, code) in [
            ("Sudah", Done, None),
            ("sudah K12", Done, Some("K12")),
            ("K12 sudah pak 🙏", Done, Some("K12")),
            ("Client sudah datang", Done, None),
            ("tidak datang k7", NoShow, Some("K7")),
            ("gak jadi datang pak", NoShow, None),
            ("jadwal ulang", ToMove, None),
            ("minta reschedule kode K3", ToMove, Some("K3")),
        ] {
            let said = lexicon.read_visit(body).expect(body);
            assert_eq!(
                (said.outcome, said.code.as_deref()),
                (outcome, code),
                "{body}"
            );
        }
        for body in [
            "sudah?",
            "sudah belum",
            "belum",
            "OK",
            "sudah saya hubungi kemarin tapi tidak diangkat",
            "",
        ] {
            assert_eq!(lexicon.read_visit(body), None, "{body}");
        }
    }
}
