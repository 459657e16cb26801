use std::io::Write;

use skeleton_ssl::Error;
use skeleton_ssl::pretrain::PretrainError;

/// The exit status of a program that a user stopped, by the shells' custom: 128 and the number of the signal.
pub const STOPPED: i32 = 130;

/// Ends the process by the outcome.
///
/// Not by returning from `main`: some Vulkan drivers crash when a device is dropped while it unwinds.
pub fn exit(outcome: Result<(), Error>) -> ! {
    let code = match outcome {
        Ok(()) => 0,
        // The run has said how to go on.
        Err(Error::Pretrain(PretrainError::Interrupted { .. })) => STOPPED,
        Err(error) => {
            // Where that cannot be said either, the status says it.
            let _ = writeln!(std::io::stderr(), "error: {error}");
            1
        }
    };
    std::process::exit(code)
}
