//! `.env.example` lists every setting, and nothing else.

use clap::CommandFactory;
use std::collections::BTreeSet;

#[test]
fn the_example_lists_every_setting_of_both_processes() {
    let mut known = BTreeSet::new();
    let mut commands = vec![
        api::config::Cli::command(),
        worker::config::Settings::command(),
    ];
    while let Some(command) = commands.pop() {
        known.extend(
            command
                .get_arguments()
                .filter_map(|argument| argument.get_env())
                .map(|name| name.to_string_lossy().into_owned()),
        );
        commands.extend(command.get_subcommands().cloned());
    }
    let listed: BTreeSet<String> = include_str!("../../../.env.example")
        .lines()
        .filter_map(|line| line.trim_start_matches("# ").split_once('='))
        .map(|(name, _)| name.to_owned())
        .filter(|name| name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))
        .collect();
    assert_eq!(listed, known);
}
