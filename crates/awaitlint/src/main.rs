//! `cargo awaitlint`.

/// Half of what a check does is to make and drop small values, on every core.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    awaitlint::main()
}
