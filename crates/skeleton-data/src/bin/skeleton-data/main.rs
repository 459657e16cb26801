//! The command `skeleton-data`: prepare raw data into a store, inspect, convert, and draw.

/// Prints a line.
macro_rules! say {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        writeln!(std::io::stdout(), $($words)*)?;
    }};
}

mod bar;
mod convert;
mod input;
mod inspect;
mod prepare;
mod render;
mod table;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Skeleton data: from the formats of the public data sets, and your own, to packed stores.
#[derive(Debug, Parser)]
#[command(name = "skeleton-data", version, max_term_width = 120)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Read a data set (a folder, a zip archive or a file) and pack it into a store.
    Prepare(prepare::Prepare),
    /// Say what a data set, a file or a store holds.
    Inspect(inspect::Inspect),
    /// Write a data set or a store as .npz, .npy or PYSKL pickle.
    Convert(convert::Convert),
    /// Draw a sequence as PNG, GIF or SVG.
    Render(render::Render),
}

/// What ends a command: the words for the user.
type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Prepare(command) => command.run(),
        Command::Inspect(command) => command.run(),
        Command::Convert(command) => command.run(),
        Command::Render(command) => command.run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads the output has seen enough: `inspect DATA | head`.
        Err(failure) if is_broken_pipe(&*failure) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(failure: &(dyn std::error::Error + 'static)) -> bool {
    let error = failure.downcast_ref::<std::io::Error>();
    error.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        super::Arguments::command().debug_assert();
    }
}
