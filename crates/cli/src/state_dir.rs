use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::failure::{Failure, Kind};
use crate::help;

/// The directory in which sessions and the sandbox are kept between commands.
#[derive(Clone, Debug)]
pub(crate) struct StateDir(PathBuf);

impl StateDir {
    /// The directory that was asked for, or the system's place for such things.
    pub(crate) fn new(asked: Option<PathBuf>) -> Result<Self, Failure> {
        let path = asked.or_else(quadruplex::sandbox::state_dir).ok_or_else(|| {
            Failure::new(Kind::Usage, "no place for sessions\n  neither HOME nor a directory was given\n  help: add --state-dir DIR")
        })?;
        Ok(Self(path))
    }

    /// A file in the directory, which is made if it is not there. Others cannot read it: a session is a login.
    pub(crate) fn file(&self, name: &str) -> Result<PathBuf, Failure> {
        create_private(&self.0).map_err(|error| Self::failed(format_args!("cannot make the directory {}", self.0.display()), &error))?;
        Ok(self.0.join(name))
    }

    /// What cannot be done there can be done elsewhere.
    pub(crate) fn failed(doing: impl Display, error: &io::Error) -> Failure {
        let failure = Failure::io(doing, error);
        if help::is_full(error) { failure } else { failure.with_help(help::ANOTHER_PLACE) }
    }
}

fn create_private(path: &Path) -> io::Result<()> {
    private_directory().recursive(true).create(path)
}

/// Makes directories that nobody else can read.
pub(crate) fn private_directory() -> fs::DirBuilder {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes"))]
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}
