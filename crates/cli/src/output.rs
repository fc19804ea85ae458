use std::fmt::Display;
use std::io::{self, Write};

use crate::failure::Failure;

/// Prints a line. `println!` would panic when the reader is gone (`| head`): that ends the command instead, as it ends others.
pub(crate) fn say(line: impl Display) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{line}").and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Failure::unread()),
        Err(error) => Err(Failure::io("cannot write to the standard output", &error)),
    }
}
