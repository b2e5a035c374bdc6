//! How fast files become chunks, beside the copy of memory that bounds it.

fn main() {
    divan::main();
}
