use skeleton_ssl::Error;

/// Ends the process by the outcome.
///
/// Not by returning from `main`: some Vulkan drivers crash when a device is dropped while it unwinds.
pub fn exit(outcome: Result<(), Error>) -> ! {
    let code = match outcome {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("error: {error}");
            1
        }
    };
    std::process::exit(code)
}
