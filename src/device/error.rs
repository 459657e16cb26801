/// Why a device could not be named or opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// The text names no backend of this library.
    #[error(
        "unknown device `{given}`: expected BACKEND, BACKEND:INDEX or ws://HOST:PORT, and compiled in are {compiled}"
    )]
    Unknown {
        /// The text as given.
        given: String,
        /// The backends that this build holds, separated by commas.
        compiled: String,
    },
    /// The backend exists, but this build was made without its cargo feature.
    #[error(
        "device `{given}` needs the cargo feature `{feature}`, which this build lacks: compiled in are {compiled}"
    )]
    NotCompiled {
        /// The text as given.
        given: String,
        /// The cargo feature that would add it.
        feature: &'static str,
        /// The backends that this build holds, separated by commas.
        compiled: String,
    },
    /// The part after the colon is not an index, or the backend has only one device.
    #[error("device `{given}`: {problem}")]
    Index {
        /// The text as given.
        given: String,
        /// What is wrong with the index.
        problem: String,
    },
    /// The address of a device server is not one.
    #[error("device `{given}`: {problem}; expected ws://HOST:PORT or ws://HOST:PORT/INDEX")]
    Address {
        /// The text as given.
        given: String,
        /// What is wrong with the address.
        problem: String,
    },
    /// Device servers exist, but this build was made without the cargo feature `remote`.
    #[error("device `{given}` needs the cargo feature `remote`, which this build lacks")]
    RemoteNotCompiled {
        /// The text as given.
        given: String,
    },
    /// No session could be opened with a device server.
    #[error(
        "cannot connect to device `{given}`: {problem}. A server is started on its machine by \
         `cargo run --release --features remote --example device_server -- --listen ADDRESS:PORT`"
    )]
    Unreachable {
        /// The device.
        given: String,
        /// Why not.
        problem: String,
    },
    /// The devices of a list cannot work together.
    #[error("devices `{given}`: {problem}")]
    Together {
        /// The list as given.
        given: String,
        /// What is wrong with it.
        problem: String,
    },
}
