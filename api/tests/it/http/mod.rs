//! The paths, one file for each part.
