//! Reading the command line and the environment.

use super::problems::Problems;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, Parser};
use std::ffi::OsString;

/// A value for settings that are required and missing. The process does not start with it.
const PLACEHOLDER: &str = "postgresql://unset/unset";
/// No process reads this variable.
const NO_VARIABLE: &str = "PROPERTY_LOUNGE_IGNORED";

/// Reads the command line and the environment, and collects every wrong environment variable.
///
/// clap stops at the first wrong value. So a wrong variable is noted and ignored, and the rest is read
/// again. A wrong option on the command line ends the process, as clap does it.
pub fn parse<P: Parser>() -> (P, Problems) {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    parse_from(&arguments).unwrap_or_else(|error| error.exit())
}

fn parse_from<P: Parser>(arguments: &[OsString]) -> Result<(P, Problems), clap::Error> {
    let mut problems = Problems::default();
    let mut command = P::command();
    loop {
        let parsed = command
            .clone()
            .try_get_matches_from(arguments)
            .and_then(|matches| P::from_arg_matches(&matches));
        let error = match parsed {
            Ok(parsed) => return Ok((parsed, problems)),
            Err(error) => error,
        };
        let wrong = wrong_variables(&command, &error);
        if wrong.is_empty() {
            return Err(error);
        }
        for variable in wrong {
            problems.add(format!("{variable}: {}", reason(&error)));
            command = ignore(command, &variable);
        }
    }
}

/// The environment variables that an error is about. Empty if it is about something else.
fn wrong_variables(command: &Command, error: &clap::Error) -> Vec<String> {
    let options: Vec<String> = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(option)) => vec![option.clone()],
        Some(ContextValue::Strings(options)) => options.clone(),
        _ => return Vec::new(),
    };
    let is_missing = error.kind() == ErrorKind::MissingRequiredArgument;
    let is_value = matches!(
        error.kind(),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation
    );
    let given = match error.get(ContextKind::InvalidValue) {
        Some(ContextValue::String(value)) => value.as_str(),
        _ => "",
    };
    let names = options
        .iter()
        .filter_map(|option| variable_of(command, option));
    names
        .filter(|name| is_missing || (is_value && comes_from(name, given)))
        .collect()
}

/// Whether the variable has this value, or a list with it.
#[allow(
    clippy::disallowed_methods,
    reason = "clap does not tell whether a value comes from the environment"
)]
fn comes_from(variable: &str, value: &str) -> bool {
    std::env::var(variable)
        .is_ok_and(|given| given == value || given.split(',').any(|part| part == value))
}

/// The variable of an option as clap writes it: `--port <PORT>`.
fn variable_of(command: &Command, option: &str) -> Option<String> {
    let name = option.trim_start_matches('-');
    let name = name.split([' ', '=']).next().unwrap_or(name);
    let own = command
        .get_arguments()
        .find(|argument| argument.get_long() == Some(name))
        .and_then(Arg::get_env)
        .map(|variable| variable.to_string_lossy().into_owned());
    own.or_else(|| {
        command
            .get_subcommands()
            .find_map(|subcommand| variable_of(subcommand, option))
    })
}

/// What is wrong, without the value: it may be a secret.
fn reason(error: &clap::Error) -> String {
    if error.kind() == ErrorKind::MissingRequiredArgument {
        return "must be set".to_owned();
    }
    if let Some(ContextValue::Strings(values)) = error.get(ContextKind::ValidValue) {
        return format!("must be one of {}", values.join(", "));
    }
    let source = std::error::Error::source(error);
    source.map_or_else(|| "is not valid".to_owned(), ToString::to_string)
}

/// The command without this variable. A required setting gets a placeholder.
fn ignore(command: Command, variable: &str) -> Command {
    let is_this = |argument: &Arg| argument.get_env().is_some_and(|name| name == variable);
    command
        .mut_args(|argument| {
            if !is_this(&argument) {
                return argument;
            }
            let is_required = argument.is_required_set();
            let argument = argument.env(NO_VARIABLE).required(false);
            if is_required {
                argument.default_value(PLACEHOLDER)
            } else {
                argument
            }
        })
        .mut_subcommands(|subcommand| ignore(subcommand, variable))
}
