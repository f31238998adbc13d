//! Operations on a real database each.
