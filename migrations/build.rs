//! A migration that is added is no change to a Rust file; cargo is told to look at the folder.

fn main() {
    println!("cargo::rerun-if-changed=.");
}
