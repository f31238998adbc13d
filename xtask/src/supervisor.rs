//! Keeps the processes of `./dev` running: each under its own name, in this session, its output
//! prefixed. One that crashes is started again and never ends another.

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
const PATIENCE: Duration = Duration::from_secs(30);
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

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

/// Runs the programs until `stop` turns true, then stops them all and waits for them.
pub fn supervise(programs: &[Program], stop: &Arc<AtomicBool>) {
    let keepers: Vec<_> = programs
        .iter()
        .cloned()
        .map(|program| {
            let stop = Arc::clone(stop);
            thread::spawn(move || keep(&program, &stop))
        })
        .collect();
    for keeper in keepers {
        keeper.join().ok();
    }
}

fn keep(program: &Program, stop: &AtomicBool) {
    let mut pause = FIRST_PAUSE;
    while !stop.load(Ordering::SeqCst) {
        let started = Instant::now();
        match start(program) {
            Ok(mut child) => {
                if wait(&mut child, stop) {
                    return;
                }
                let ended = child
                    .wait()
                    .map_or_else(|error| error.to_string(), |status| status.to_string());
                say(program.name, &format!("ended ({ended}); starting it again"));
            }
            Err(error) => say(program.name, &error),
        }
        if started.elapsed() > LONGEST_PAUSE {
            pause = FIRST_PAUSE;
        }
        let until = Instant::now() + pause;
        while Instant::now() < until && !stop.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(50));
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
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

/// Waits for the child to end (`false`), or stops it when told to (`true`).
fn wait(child: &mut Child, stop: &AtomicBool) -> bool {
    loop {
        if matches!(child.try_wait(), Ok(Some(_)) | Err(_)) {
            // Ctrl-C at a terminal reaches the children as it reaches us.
            thread::sleep(Duration::from_millis(100));
            return stop.load(Ordering::SeqCst);
        }
        if stop.load(Ordering::SeqCst) {
            break;
        }
        thread::sleep(Duration::from_millis(50));
    }
    terminate(child.id());
    let deadline = Instant::now() + PATIENCE;
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
    // Our reader may have gone; the processes run on.
    writeln!(std::io::stdout(), "{name:<6} | {line}").ok();
}
