//! The command `qualm`.
fn main() {}
