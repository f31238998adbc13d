//! Why the database cannot work.

use sqlx::Error;

/// Why the database cannot work now. The same operation can succeed later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatabaseTrouble {
    /// It cannot be reached, starts or stops, only reads, or has no connection or memory left.
    Away,
    /// Its disk is full.
    DiskFull,
    /// Another operation holds a lock.
    Lock,
}

impl DatabaseTrouble {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Away, Self::DiskFull, Self::Lock];

    /// The name in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Away => "away",
            Self::DiskFull => "disk_full",
            Self::Lock => "lock",
        }
    }

    /// `None` if the database works: it rejected the statement.
    pub(crate) fn of(error: &Error) -> Option<Self> {
        match error {
            Error::Io(_) | Error::PoolTimedOut | Error::PoolClosed => Some(Self::Away),
            Error::Database(refusal) => refusal.code().as_deref().and_then(Self::of_code),
            _ => None,
        }
    }

    /// By PostgreSQL's code of the error (SQLSTATE, appendix A of its manual).
    fn of_code(code: &str) -> Option<Self> {
        // 08: the connection. 53: no memory or connection is left. 57P: it starts, stops or crashed. 58030: its disk fails.
        // 25006: a standby, which only reads.
        let away = ["08", "53", "57P", "58030", "25006"];
        match code {
            "40P01" | "40001" | "55P03" => Some(Self::Lock),
            "53100" => Some(Self::DiskFull),
            _ if away.iter().any(|class| code.starts_with(class)) => Some(Self::Away),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::DatabaseTrouble;

    #[test]
    fn postgresql_says_by_its_code_why_it_cannot_work() {
        let trouble = |code| DatabaseTrouble::of_code(code).map(DatabaseTrouble::as_str);
        assert_eq!(trouble("53100"), Some("disk_full"));
        assert_eq!(trouble("55P03"), Some("lock"));
        // Too many connections, shutting down, only reading, its connection failed.
        for code in ["53300", "57P01", "25006", "08006"] {
            assert_eq!(trouble(code), Some("away"), "{code}");
        }
        // A statement that was cancelled, a row that exists.
        for code in ["57014", "23505"] {
            assert_eq!(trouble(code), None, "{code}");
        }
    }
}
