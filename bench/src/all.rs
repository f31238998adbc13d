//! Every figure several times, with medians and spread.

use anyhow::{Context, ensure};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// How often each figure is measured.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Only these figures: `lateness`, `burst`, `intake`, `jobs`.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Where the figures are kept.
    #[arg(long, default_value = "bench.json")]
    out: PathBuf,
}

/// The figures, each with the arguments of one round: long enough to tell, short enough for five rounds.
const FIGURES: [(&str, &[&str]); 4] = [
    ("lateness", &["--seconds", "20"]),
    ("burst", &["--offers", "1000"]),
    ("intake", &["--seconds", "6", "--twin"]),
    ("jobs", &["--seconds", "6"]),
];

/// The values of every number of a report, by its name.
pub(crate) type Values = BTreeMap<String, Vec<f64>>;

/// Measures every figure, prints one table, and keeps the values.
pub(crate) fn measure(options: &Options) -> anyhow::Result<()> {
    let chosen = |name: &str| options.only.is_empty() || options.only.iter().any(|one| one == name);
    let mut values = Values::new();
    for round in 1..=options.rounds {
        for (name, arguments) in FIGURES.into_iter().filter(|(name, _)| chosen(name)) {
            println!("round {round} of {}: {name}", options.rounds);
            let report = run(name, arguments)?;
            collect(name, &report, &mut values);
        }
    }
    println!("{:<64} {:>12} {:>12} {:>12}", "", "median", "least", "most");
    for (name, all) in &values {
        let (median, least, most) = spread(all);
        println!("{name:<64} {median:>12.3} {least:>12.3} {most:>12.3}");
    }
    std::fs::write(&options.out, serde_json::to_string_pretty(&values)?)?;
    println!(
        "{}",
        json!({ "figure": "all", "rounds": options.rounds, "kept": options.out })
    );
    Ok(())
}

fn run(name: &str, arguments: &[&str]) -> anyhow::Result<Value> {
    let told = Command::new(std::env::current_exe()?)
        .arg(name)
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(told.status.success(), "{name} failed");
    let said = String::from_utf8_lossy(&told.stdout);
    let last = said.lines().last().context("no report")?;
    serde_json::from_str(last).with_context(|| format!("{name} ends with no JSON"))
}

/// Adds every number of a report. A part of a list is named after its texts and its settings.
fn collect(name: &str, report: &Value, values: &mut Values) {
    match report {
        Value::Number(number) => {
            let all = values.entry(name.to_owned()).or_default();
            all.extend(number.as_f64());
        }
        Value::Object(fields) => {
            for (field, value) in fields.iter().filter(|(field, _)| !is_setting(field)) {
                collect(&format!("{name}.{field}"), value, values);
            }
        }
        Value::Array(parts) => {
            for part in parts {
                let label = part.as_object().map(label).unwrap_or_default();
                collect(&format!("{name}[{label}]"), part, values);
            }
        }
        _ => {}
    }
}

const SETTINGS: [&str; 9] = [
    "scenario",
    "workers",
    "rate",
    "seconds",
    "offers",
    "connections",
    "pace",
    "count",
    "jobs",
];

fn is_setting(field: &str) -> bool {
    SETTINGS.contains(&field)
}

fn label(part: &Map<String, Value>) -> String {
    let settings = ["scenario", "connections", "offers", "workers", "rate"];
    let told = settings.iter().filter_map(|name| part.get(*name));
    told.map(|value| value.to_string().trim_matches('"').to_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The median, the least and the most.
pub(crate) fn spread(all: &[f64]) -> (f64, f64, f64) {
    let mut sorted = all.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
    (
        at(sorted.len() / 2),
        at(0),
        at(sorted.len().saturating_sub(1)),
    )
}

#[cfg(test)]
mod tests {
    use super::{Values, collect, spread};
    use serde_json::json;

    #[test]
    fn a_report_becomes_named_values_without_its_settings() {
        let report = json!({ "figure": "x", "per_second": 5.0,
            "runs": [{ "workers": 3, "rate": 10, "lateness_ms": { "p50": 2.5, "count": 7 } }] });
        let mut values = Values::new();
        collect("lateness", &report, &mut values);
        collect("lateness", &report, &mut values);
        let names: Vec<&str> = values.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            ["lateness.per_second", "lateness.runs[3 10].lateness_ms.p50"]
        );
        assert_eq!(values["lateness.per_second"], [5.0, 5.0]);
    }

    #[test]
    fn a_median_has_its_spread() {
        assert_eq!(spread(&[3.0, 1.0, 2.0]), (2.0, 1.0, 3.0));
    }
}
