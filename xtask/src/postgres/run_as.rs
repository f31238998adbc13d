//! Runs PostgreSQL as another user if we are root, because it refuses to run as root.

use crate::Result;
use crate::shell::{is_root, run, succeeds};
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// The user that PostgreSQL's programs run as.
#[derive(Clone, Copy, Debug)]
pub(super) struct RunAs(Option<(u32, u32)>);

impl RunAs {
    /// The present user; for root, `postgres` if that user exists, else `nobody`.
    pub(super) fn choose() -> Result<Self> {
        if !is_root() {
            return Ok(Self(None));
        }
        let users = fs::read_to_string("/etc/passwd")
            .map_err(|error| format!("cannot read /etc/passwd: {error}"))?;
        ["postgres", "nobody"]
            .iter()
            .find_map(|name| ids(&users, name))
            .map(|ids| Self(Some(ids)))
            .ok_or_else(|| {
                "PostgreSQL refuses to run as root, and there is neither a user postgres nor a user nobody: \
                 add one, or run this as somebody else"
                    .to_owned()
            })
    }

    /// A command that runs as that user.
    pub(super) fn command(self, program: &Path) -> Command {
        let mut command = Command::new(program);
        if let Self(Some((user, group))) = self {
            command.uid(user).gid(group);
        }
        command
    }

    /// Creates the folder and gives it to the user. No other user can read it.
    pub(super) fn make_folder(self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)
            .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
        if let Self(Some((user, group))) = self {
            run(Command::new("chown")
                .arg(format!("{user}:{group}"))
                .arg(folder))?;
        }
        run(Command::new("chmod").arg("0700").arg(folder))
    }

    /// Whether the user can write there.
    pub(super) fn reaches(self, folder: &Path) -> bool {
        succeeds(
            self.command(Path::new("test"))
                .arg("-w")
                .arg(folder)
                .current_dir("/"),
        )
    }
}

/// User id and group id of a name in `/etc/passwd`.
fn ids(users: &str, name: &str) -> Option<(u32, u32)> {
    let line = users
        .lines()
        .find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}
