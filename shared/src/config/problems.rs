//! Wrong settings, all of them together.

use std::fmt;

/// Every wrong setting, one sentence each. A process with a problem does not start: it prints the problems
/// and exits with code 2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(Vec<String>);

impl Problems {
    /// Adds a problem: `SETTING: what is wrong`.
    pub fn add(&mut self, problem: impl fmt::Display) {
        let problem = problem.to_string();
        if !self.0.contains(&problem) {
            self.0.push(problem);
        }
    }

    /// The value, or a problem and `None`.
    pub fn check<T>(&mut self, result: crate::Result<T>) -> Option<T> {
        result.map_err(|error| self.add(error)).ok()
    }

    /// The value, or the other problems and `None`.
    pub fn collect<T>(&mut self, result: Result<T, Self>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(others) => {
                others.0.into_iter().for_each(|problem| self.add(problem));
                None
            }
        }
    }

    /// The value, if there is one and there are no problems.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Self> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(self),
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        let settings = if count == 1 {
            "setting is"
        } else {
            "settings are"
        };
        write!(formatter, "{count} {settings} wrong:")?;
        for problem in &self.0 {
            write!(formatter, "\n  {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

#[cfg(test)]
mod tests {
    use super::Problems;
    use crate::Error;

    #[test]
    fn every_problem_is_listed_once() {
        let mut problems = Problems::default();
        let token: Option<()> = problems.check(Err(Error::invalid("TOKEN", "must be set")));
        let again: Option<()> = problems.check(Err(Error::invalid("TOKEN", "must be set")));
        let number: Option<()> = problems.check(Err(Error::invalid("NUMBER", "must be set")));
        assert_eq!((token, again, number), (None, None, None));
        let problems = problems.finish(Some(())).expect_err("two problems");
        let expected = "2 settings are wrong:\n  TOKEN: must be set\n  NUMBER: must be set";
        assert_eq!(problems.to_string(), expected);
    }
}
