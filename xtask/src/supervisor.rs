//! Keeps the processes of `./dev` running and prefixes their output with their names. A process that crashes
//! is started again.

use crate::Result;
use crate::shell::terminate;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long a process may take to stop before it is killed.
const STOP_WITHIN: Duration = Duration::from_secs(30);
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const MAX_PAUSE: Duration = Duration::from_secs(10);

/// A process to keep running.
#[derive(Clone, Debug)]
pub struct Program {
    /// What its lines begin with.
    pub name: &'static str,
    /// The binary.
    pub binary: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Its environment, on top of ours.
    pub environment: Vec<(String, String)>,
}

/// The exit code of a process whose settings are wrong. Starting it again changes nothing.
const WRONG_SETTINGS: i32 = 2;

/// Runs the programs until `stop` turns true, then stops them all and waits for them.
///
/// Fails, and stops all programs, if the settings of one of them are wrong.
pub fn supervise(programs: &[Program], stop: &Arc<AtomicBool>) -> Result<()> {
    let keepers: Vec<_> = programs
        .iter()
        .cloned()
        .map(|program| {
            let stop = Arc::clone(stop);
            thread::spawn(move || keep(&program, &stop))
        })
        .collect();
    let kept = keepers
        .into_iter()
        .map(|keeper| keeper.join().unwrap_or(Ok(())));
    // All threads are joined before the first failure is returned.
    let kept: Vec<Result<()>> = kept.collect();
    kept.into_iter().collect()
}

fn keep(program: &Program, stop: &AtomicBool) -> Result<()> {
    let mut pause = FIRST_PAUSE;
    while !stop.load(Ordering::SeqCst) {
        let started = Instant::now();
        match start(program) {
            Ok(mut child) => {
                if wait(&mut child, stop) {
                    return Ok(());
                }
                let ended = child.wait();
                if ended
                    .as_ref()
                    .is_ok_and(|status| status.code() == Some(WRONG_SETTINGS))
                {
                    stop.store(true, Ordering::SeqCst);
                    return Err(format!(
                        "the settings of {} are wrong: see above",
                        program.name
                    ));
                }
                let ended =
                    ended.map_or_else(|error| error.to_string(), |status| status.to_string());
                say(program.name, &format!("ended ({ended}); starting it again"));
            }
            Err(error) => say(program.name, &error),
        }
        if started.elapsed() > MAX_PAUSE {
            pause = FIRST_PAUSE;
        }
        let until = Instant::now() + pause;
        while Instant::now() < until && !stop.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(50));
        }
        pause = (pause * 2).min(MAX_PAUSE);
    }
    Ok(())
}

fn start(program: &Program) -> Result<Child> {
    let mut child = Command::new(&program.binary)
        .args(&program.arguments)
        .envs(
            program
                .environment
                .iter()
                .map(|(name, value)| (name, value)),
        )
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot start {}: {error}", program.binary.display()))?;
    if let Some(out) = child.stdout.take() {
        prefix(program.name, out);
    }
    if let Some(err) = child.stderr.take() {
        prefix(program.name, err);
    }
    Ok(child)
}

/// Waits until the child ends and returns `false`, or stops it once `stop` is true and returns `true`.
fn wait(child: &mut Child, stop: &AtomicBool) -> bool {
    loop {
        if matches!(child.try_wait(), Ok(Some(_)) | Err(_)) {
            // Ctrl-C at a terminal reaches the children, too.
            thread::sleep(Duration::from_millis(100));
            return stop.load(Ordering::SeqCst);
        }
        if stop.load(Ordering::SeqCst) {
            break;
        }
        thread::sleep(Duration::from_millis(50));
    }
    terminate(child.id());
    let deadline = Instant::now() + STOP_WITHIN;
    while Instant::now() < deadline {
        if matches!(child.try_wait(), Ok(Some(_)) | Err(_)) {
            return true;
        }
        thread::sleep(Duration::from_millis(20));
    }
    child.kill().ok();
    child.wait().ok();
    true
}

fn prefix(name: &'static str, stream: impl Read + Send + 'static) {
    thread::spawn(move || {
        for line in BufReader::new(stream)
            .split(b'\n')
            .map_while(std::result::Result::ok)
        {
            say(name, &String::from_utf8_lossy(&line));
        }
    });
}

fn say(name: &str, line: &str) {
    // Nobody may read the output any more. The processes go on.
    writeln!(std::io::stdout(), "{name:<6} | {line}").ok();
}
