//! The variants of `./test`: more trials in the long tier, and every story again with masked offers.

/// Returns `many` in the long tier (`./test --long`), else `few`.
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

/// Whether every test runs with `DISTRIBUTION_MASK_OFFERS`.
#[allow(
    clippy::disallowed_methods,
    reason = "the tests' own switch; the binaries' settings are clap's"
)]
pub(super) fn masks() -> bool {
    std::env::var("PROPERTY_LOUNGE_MASKED_TESTS").is_ok_and(|masks| masks == "true")
}
