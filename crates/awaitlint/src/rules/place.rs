//! What the place of a function says of it: its package, its path, what it makes.

use super::Cx;
use crate::ir::{Kind, Path, Receiver, Ty};
use crate::names::Known;
use crate::project::{Package, TargetKind};

/// Words of paths, packages and types that stand in for something else in tests, or measure it.
const STAND_INS: &[&str] = &[
    "bench",
    "benches",
    "benchmark",
    "benchmarks",
    "emulated",
    "emulator",
    "fake",
    "fakes",
    "mock",
    "mocks",
    "sandbox",
    "simulated",
    "simulation",
    "simulator",
    "stub",
    "stubs",
    "test",
    "testing",
    "testkit",
    "tests",
    "testutil",
    "testutils",
    "turmoil",
];

/// Directories and files that hold commands.
const COMMANDS: &[&str] = &["cli", "commands", "cmd", "bin", "admin", "build", "generate", "subcommand", "subcommands", "tools", "xtask"];

/// Words by which a package says that it stands in for something else in tests.
const ABOUT_STAND_INS: &[&str] = &["benchmark", "benchmarking", "devnet", "mock", "mocking", "mocks", "simulation", "simulator"];

/// Words by which a package says that it is a tool of a developer.
const ABOUT_TOOLS: &[&str] = &["cli", "installer", "ssg", "toolchain", "tui", "updater"];

impl<'a> Cx<'a> {
    pub(super) fn package(&self) -> &'a Package {
        let workspace = self.workspace();
        &workspace.project.packages[workspace.files[self.at.at.file].package]
    }

    pub(super) fn depends_on(&self, kind: Known) -> bool {
        self.package().depends_on(kind)
    }

    /// The parts of the path inside the package, without `.rs`.
    fn parts(&self) -> impl Iterator<Item = &'a str> {
        let path = &self.workspace().files[self.at.at.file].path;
        let inside = path.strip_prefix(&self.package().dir).unwrap_or(std::path::Path::new(""));
        inside.iter().map(|part| part.to_str().map_or("", |name| name.trim_end_matches(".rs")))
    }

    /// An example, a server for tests, a benchmark, a double, a self-test: how long it takes is nobody's concern.
    pub(super) fn is_stand_in(&self) -> bool {
        let package = self.package();
        let stands = |name: &str| name.split(['_', '-']).any(|word| STAND_INS.contains(&word));
        let named = |name: String| ["Mock", "Fake", "Stub", "Simulated"].iter().any(|word| name.starts_with(word));
        self.target() == TargetKind::Example
            || package.categories.iter().any(|category| category == "development-tools::testing")
            || stands(&package.name)
            || package.says(ABOUT_STAND_INS)
            || self.parts().any(stands)
            || self.item.name.ends_with("_probe")
            || self.typing.self_name().is_some_and(named)
            || self.is_a_check()
    }

    /// It compares what it gets with what it should be: a test that a library offers.
    fn is_a_check(&self) -> bool {
        self.body.ids().any(|id| matches!(self.body.kind(id), Kind::Macro { path, .. } if matches!(path.last(), "assert_eq" | "assert_ne")))
    }

    /// The code of a command, which does one thing at a time: it lies in a directory of commands, or belongs to a package that reads arguments
    /// and serves nobody, or to the libraries of such a one.
    pub(super) fn is_of_a_command(&self) -> bool {
        self.parts().any(|part| COMMANDS.contains(&part)) || self.is_in_commands() || self.is_of_a_tool()
    }

    /// Its path says that a configuration is read here: `config/toml.rs`.
    pub(super) fn is_of_a_configuration(&self) -> bool {
        self.parts().any(|part| matches!(part, "config" | "configuration" | "settings"))
    }

    /// Its path says that something is tidied up here from time to time: `client_housekeeping_service.rs`.
    pub(super) fn tidies_up(&self) -> bool {
        let word =
            |word: &str| matches!(word, "clean" | "cleaner" | "cleanup" | "gc" | "housekeeping" | "janitor" | "maintenance" | "sweeper");
        self.parts().any(|part| part.split('_').any(word))
    }

    /// Its path says that commands lie here: `cli_helpers/`, `cmd/`.
    pub(super) fn is_in_commands(&self) -> bool {
        self.parts().any(|part| part.split(['_', '-']).any(|word| matches!(word, "cli" | "cmd" | "commands")))
    }

    /// Written for a device without an operating system.
    pub(super) fn is_of_a_device(&self) -> bool {
        let package = self.package();
        package.deps.iter().any(|(name, _)| name.starts_with("embassy") || matches!(&**name, "cortex_m" | "embedded_hal"))
            || package.categories.iter().any(|category| category.starts_with("embedded"))
    }

    /// The blocking form of an interface, beside the async one.
    pub(super) fn is_blocking_form(&self) -> bool {
        self.parts().any(|part| matches!(part, "sync" | "synchronous" | "blocking") || part.starts_with("sync_"))
    }

    /// The package, or the program that it is a library of, is a tool for a terminal.
    pub(super) fn is_of_a_tool(&self) -> bool {
        let package = self.package();
        let family = package.name.split(['-', '_']).next().unwrap_or_default();
        let program = |other: &Package| other.name == family && other.targets.iter().any(|target| target.kind == TargetKind::Bin);
        package.is_tool() || self.workspace().project.packages.iter().any(|other| program(other) && other.is_tool())
    }

    /// A constructor: once for each value, mostly at a start.
    pub(super) fn makes_its_type(&self) -> bool {
        let signature = &self.function.signature;
        let made = |path: &Path| path.last() == "Self" || self.typing.self_name().is_some_and(|name| name == path.last());
        let returns = |ty: &Ty| match ty {
            Ty::Path(path) => {
                made(path)
                    || path.last().ends_with("Result") && path.args().first().is_some_and(|ty| matches!(ty, Ty::Path(path) if made(path)))
            }
            _ => false,
        };
        signature.receiver == Receiver::None && returns(&signature.returns)
    }
}

impl Package {
    fn depends_on(&self, kind: Known) -> bool {
        self.deps.iter().any(|(name, _)| kind.has(name))
    }

    /// One of these words is among its keywords or in its description.
    fn says(&self, words: &[&str]) -> bool {
        self.about.split(|c: char| !c.is_alphanumeric()).any(|word| words.contains(&word))
    }

    /// It reads arguments, asks or draws, and serves nobody.
    fn is_tool(&self) -> bool {
        let said = || self.categories.iter().any(|category| category == "command-line-utilities");
        let runs = || self.targets.iter().any(|target| target.kind == TargetKind::Bin);
        let last = self.name.rsplit(['-', '_']).next().filter(|&last| last.len() < self.name.len());
        let named = self.name.starts_with("cargo-") || matches!(last, Some("cli" | "codegen" | "generator"));
        let tool = said() && runs() || self.depends_on(Known::TerminalTool) || self.says(ABOUT_TOOLS);
        named || tool && !self.depends_on(Known::Server)
    }
}
