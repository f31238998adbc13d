//! What a check found.

use std::time::Duration;

/// A check that does not end within this time is wrong.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is good.
    Ok,
    /// It works, and is worth a look.
    Look,
    /// It is wrong.
    Wrong,
}

impl Verdict {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Look => "look",
            Self::Wrong => "wrong",
        }
    }
}

/// A check with what it found.
pub(super) struct Finding {
    pub(super) what: &'static str,
    pub(super) verdict: Verdict,
    pub(super) said: String,
}

impl Finding {
    pub(super) fn ok(what: &'static str, said: impl Into<String>) -> Self {
        Self::new(what, Verdict::Ok, said)
    }

    pub(super) fn look(what: &'static str, said: impl Into<String>) -> Self {
        Self::new(what, Verdict::Look, said)
    }

    pub(super) fn wrong(what: &'static str, said: impl Into<String>) -> Self {
        Self::new(what, Verdict::Wrong, said)
    }

    fn new(what: &'static str, verdict: Verdict, said: impl Into<String>) -> Self {
        Self {
            what,
            verdict,
            said: said.into(),
        }
    }
}
