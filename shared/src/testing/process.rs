//! Real processes that tests kill and restart.

#![allow(
    clippy::print_stderr,
    reason = "a failed test shows what its processes logged"
)]

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// A process with its log. Dropping it kills the process.
pub struct Process {
    program: PathBuf,
    child: Child,
    log: Receiver<String>,
}

impl Process {
    /// Starts a process with these settings and no others.
    pub fn spawn(binary: PathBuf, arguments: &[&str], settings: &[(&str, &str)]) -> Self {
        // Neither the tester's settings nor a .env reach the process.
        let mut child = Command::new(&binary)
            .args(arguments)
            .env_clear()
            .envs(settings.iter().copied())
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the binary runs");
        let stdout = child.stdout.take().expect("a pipe");
        let (sender, log) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                sender.send(line).ok();
            }
        });
        Self {
            program: binary,
            child,
            log,
        }
    }

    /// Waits for a log line that contains this text.
    pub async fn logs(&self, words: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(60);
        let mut seen = Vec::new();
        while Instant::now() < deadline {
            while let Ok(line) = self.log.try_recv() {
                if line.contains(words) {
                    return line;
                }
                seen.push(line);
            }
            sleep(Duration::from_millis(5)).await;
        }
        panic!("{words:?} was not logged: {seen:#?}");
    }

    /// The log lines that no wait has consumed.
    pub fn lines(&self) -> Vec<String> {
        self.log.try_iter().collect()
    }

    /// SIGKILL, like a power cut.
    pub fn kill(mut self) {
        self.child.kill().expect("a kill");
        self.child.wait().expect("an end");
    }

    /// SIGTERM, then waits for the end.
    pub async fn terminate(mut self) -> ExitStatus {
        let process = self.child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &process]).status();
        assert!(
            told.is_ok_and(|status| status.success()),
            "it could not be told to stop"
        );
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            if let Some(status) = self.child.try_wait().expect("a look") {
                return status;
            }
            assert!(Instant::now() < deadline, "it did not stop");
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a look").is_none()
    }
}

impl Drop for Process {
    /// Kills the process. If the test failed, prints what the process logged last.
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        if std::thread::panicking() {
            let program = self.program.display();
            for line in self.lines() {
                eprintln!("{program}: {line}");
            }
        }
    }
}
