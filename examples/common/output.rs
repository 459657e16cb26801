//! Standard output, which may be a file on a full disk or a pipe that nobody reads any more.

use std::fmt::Display;
use std::io::{self, Write};
use std::path::PathBuf;

use skeleton_ssl::Error;

/// Prints what the program was asked for, and a line feed. Whoever reads it may have seen enough.
pub fn print(text: impl Display) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    piped(writeln!(out, "{text}").and_then(|()| out.flush()))
}

/// The outcome of writing to standard output as that of the program.
pub fn piped(written: io::Result<()>) -> Result<(), Error> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(unwritable),
    }
}

/// Standard output cannot be written to.
pub fn unwritable(source: io::Error) -> Error {
    Error::Unwritable {
        path: PathBuf::from("standard output"),
        source,
    }
}
