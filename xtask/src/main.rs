//! The program behind `./dev` and `./test`.

#![allow(clippy::print_stderr, reason = "a tool for a person at a terminal")]

use std::process::ExitCode;
use xtask::{dev, test};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.split_first() {
        Some((command, rest)) if command == "dev" => dev::main(rest),
        Some((command, rest)) if command == "test" => test::main(rest),
        _ => Err("this is what ./dev and ./test run: use those".to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
