//! Throw-away projects, and the command.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

/// A directory that is removed at the end of its test.
pub(crate) struct Dir(PathBuf);

impl Dir {
    pub(crate) fn new() -> Dir {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("awaitlint-test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("a temporary directory can be made");
        Dir(path.canonicalize().expect("it was just made"))
    }

    /// A package named `app` with these files and dependencies on packages beside it, of which a `tokio` is no member of its workspace.
    pub(crate) fn package(files: &[(&str, &str)], deps: &[&str]) -> Dir {
        let dir = Dir::new();
        let deps: String = deps.iter().map(|name| format!("{name} = {{ path = \"{name}\" }}\n")).collect();
        dir.write(
            "Cargo.toml",
            format!("[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\nexclude = [\"tokio\"]\n[dependencies]\n{deps}"),
        );
        files.iter().for_each(|(path, text)| dir.write(path, text));
        dir
    }

    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().expect("it lies in the directory")).expect("it can be made");
        fs::write(path, text).expect("it can be written");
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.0.join(path)).expect("it was written")
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Runs `cargo awaitlint` here.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_cargo-awaitlint"))
            .arg("awaitlint")
            .args(args)
            .current_dir(&self.0)
            .env("CARGO_TARGET_DIR", self.0.join("target"))
            .output()
            .expect("the command runs")
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A future bound to a name that nothing awaits.
pub(crate) const FORGOTTEN: &str = "async fn speak() {}\n\npub async fn run() {\n    let _spoken = speak();\n}\n";
