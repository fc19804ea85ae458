//! Python, Node.js and the packages that `interop/` names.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{Result, read, root, write};

/// What is installed, and where.
pub(super) struct Tools {
    python: PathBuf,
    node_directory: PathBuf,
}

impl Tools {
    /// Installs what is missing, or what has changed since the last time, in a directory.
    pub(super) fn install(place: &Path) -> Result<Self> {
        let tools = Self { python: place.join("venv/bin/python"), node_directory: place.join("node") };
        fs::create_dir_all(&tools.node_directory).map_err(|error| format!("{}: {error}", place.display()))?;
        once(&place.join("venv.done"), &["requirements.txt"], || tools.install_python(place))?;
        once(&place.join("node.done"), &["package.json", "package-lock.json"], || tools.install_node())?;
        Ok(tools)
    }

    /// A script with one argument.
    pub(super) fn python(&self, script: &str, argument: &str) -> Command {
        let mut command = Command::new(&self.python);
        command.arg(source(script)).arg(argument);
        command
    }

    /// A script with one argument. Node.js looks for packages beside the script, so it is read from there.
    pub(super) fn node(&self, script: &str, argument: &str) -> Command {
        let mut command = Command::new("node");
        let copied = fs::copy(source(script), self.node_directory.join(script));
        command.current_dir(&self.node_directory).arg(copied.map_or_else(|_| source(script), |_| script.into())).arg(argument);
        command
    }

    fn install_python(&self, place: &Path) -> Result {
        // Debian has a python3 whose venv lacks pip until its package is there.
        if !works("python3", &["-c", "import ensurepip, venv"]) {
            apt("python3-venv")?;
        }
        say("installing the packages of requirements.txt");
        done(Command::new("python3").args(["-m", "venv", "--clear"]).arg(place.join("venv")))?;
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
        done(Command::new(&self.python).args(pip).arg(source("requirements.txt")))
    }

    fn install_node(&self) -> Result {
        for program in ["node", "npm"] {
            if !works(program, &["--version"]) {
                apt(if program == "node" { "nodejs" } else { "npm" })?;
            }
        }
        say("installing the packages of package.json");
        for name in ["package.json", "package-lock.json"] {
            fs::copy(source(name), self.node_directory.join(name)).map_err(|error| format!("{name}: {error}"))?;
        }
        // Nothing that the scripts use has to be compiled.
        let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
        done(Command::new("npm").args(arguments).current_dir(&self.node_directory))
    }
}

/// Does something unless it was done with these files as they are.
fn once(stamp: &Path, files: &[&str], act: impl FnOnce() -> Result) -> Result {
    let now = files.iter().map(|file| read(&source(file))).collect::<Result<String>>()?;
    if fs::read_to_string(stamp).is_ok_and(|before| before == now) {
        return Ok(());
    }
    act()?;
    write(stamp, &now)
}

fn source(name: &str) -> PathBuf {
    root().join("interop").join(name)
}

fn works(program: &str, arguments: &[&str]) -> bool {
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

fn apt(package: &str) -> Result {
    say(&format!("installing {package}"));
    done(Command::new("apt-get").args(["update", "-q"]))?;
    done(Command::new("apt-get").args(["install", "-y", "-q", "--no-install-recommends", package]))
}

fn done(command: &mut Command) -> Result {
    let shown = command.get_program().to_string_lossy().into_owned();
    // The last line of ours says how it went; what these print is for whoever looks for an error.
    let output = command.output().map_err(|error| format!("{shown}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{shown}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr)))
}

fn say(what: &str) {
    eprintln!("{what}");
}
