//! `cargo awaitlint`.

fn main() {
    for a in std::env::args().skip(1) {
        awaitlint::debug_load(std::path::Path::new(&a));
    }
}
