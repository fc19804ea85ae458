//! `cargo awaitlint`.

fn main() -> std::process::ExitCode {
    awaitlint::main()
}
