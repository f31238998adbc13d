//! Which passwords are refused: short ones, long ones, and those that everybody tries first.

use super::model::Role;
use zxcvbn::{Score, zxcvbn};

/// The lengths of password that better-auth accepts.
const SHORTEST: usize = 8;
const LONGEST: usize = 128;
/// An admin's password.
const SHORTEST_OF_ADMINS: usize = 10;

/// Why a password is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Weak {
    /// Shorter than 8 characters, an admin's or an operator's shorter than 10.
    Short,
    /// Longer than 128 characters.
    Long,
    /// Among the first that somebody tries who knows the lists of the most common passwords, and the person.
    Guessed,
}

impl Weak {
    /// What is wrong, for the person who chose it.
    pub(super) fn reason(self, role: Role) -> &'static str {
        match (self, role) {
            (Self::Short, Role::Admin | Role::Operator) => {
                "must be at least 10 characters for an admin or an operator"
            }
            (Self::Short, Role::Sales) => "must be at least 8 characters",
            (Self::Long, _) => "must be at most 128 characters",
            (Self::Guessed, _) => {
                "is one of the first that somebody would try: use several words that do not belong together"
            }
        }
    }
}

/// Refuses a password that is too short, too long or too easy to guess for this role. `about`: words that others know of the
/// person. An agent's password must withstand a thousand guesses, an admin's a million (zxcvbn's scores 1 and 2).
pub fn check(password: &str, role: Role, about: &[&str]) -> Result<(), Weak> {
    let (shortest, least) = match role {
        Role::Admin | Role::Operator => (SHORTEST_OF_ADMINS, Score::Two),
        Role::Sales => (SHORTEST, Score::One),
    };
    // JavaScript, and so better-auth, counts UTF-16 units.
    match password.encode_utf16().count() {
        length if length < shortest => return Err(Weak::Short),
        length if length > LONGEST => return Err(Weak::Long),
        _ => {}
    }
    if zxcvbn(password, about).score() < least {
        return Err(Weak::Guessed);
    }
    Ok(())
}

/// Whether the password passes the rule of admins and operators.
pub(super) fn fits_admins(password: &str, about: &[&str]) -> bool {
    check(password, Role::Admin, about).is_ok()
}

/// How many guesses a secret of an operator withstands, as a power of ten.
pub fn strength_of_secret(secret: &str) -> f64 {
    zxcvbn(secret, &[]).guesses_log10()
}

#[cfg(test)]
mod tests {
    use super::{Weak, check};
    use crate::auth::Role::{Admin, Sales};

    #[test]
    fn what_everybody_tries_first_is_refused() {
        for common in [
            "12345678",
            "password",
            "qwertyuiop",
            "aaaaaaaaaa",
            "iloveyou",
        ] {
            assert_eq!(check(common, Sales, &[]), Err(Weak::Guessed), "{common}");
        }
        assert_eq!(check("rumah-biru-jendela", Admin, &[]), Ok(()));
        assert_eq!(check("密码和蓝色的窗户", Sales, &[]), Ok(()));
    }

    #[test]
    fn ones_own_name_is_no_password() {
        let about = ["Siti Rahmawati", "siti.rahmawati@example.com"];
        assert_eq!(
            check("sitirahmawati", Sales, &["sitirahmawati"]),
            Err(Weak::Guessed)
        );
        assert_eq!(check("siti rahmawati", Admin, &about), Err(Weak::Guessed));
    }

    #[test]
    fn an_admins_password_is_longer_and_harder() {
        assert_eq!(check("xq7-Lk2p", Sales, &[]), Ok(()));
        assert_eq!(check("xq7-Lk2p", Admin, &[]), Err(Weak::Short));
        assert_eq!(check("Password123!", Admin, &[]), Err(Weak::Guessed));
        assert_eq!(check(&"long ".repeat(26), Admin, &[]), Err(Weak::Long));
    }
}
