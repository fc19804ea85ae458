use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Kind};

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
        create_private(&self.0).map_err(|error| Failure::io(format_args!("cannot make the directory {}", self.0.display()), &error))?;
        Ok(self.0.join(name))
    }
}

fn create_private(path: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
