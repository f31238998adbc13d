//! The long tier: the same tests, many more trials.

/// `many` in the long tier (`./test --long`), else `few`.
#[allow(
    clippy::disallowed_methods,
    reason = "the tests' own switch; the binaries' settings are clap's"
)]
pub fn trials(few: usize, many: usize) -> usize {
    if std::env::var("PROPERTY_LOUNGE_LONG_TESTS").is_ok_and(|long| long == "true") {
        many
    } else {
        few
    }
}
