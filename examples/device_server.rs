//! Serves devices of this machine to trainings on other machines, or on this one.
//!
//!     cargo run --release --features remote --example device_server -- --listen 0.0.0.0:3000
//!     cargo run --release --example skt --features remote -- --device ws://HOST:3000,ws://OTHER:3000
//!
//! The server runs burn's operations and knows nothing of methods or data, which stay with the training. `docs/scale.md` says more.

use std::io::Write;
use std::net::TcpListener;
use std::process::exit;

use burn::server::{RemoteServer, TokenAuthorizer, WebSocketTransport};
use clap::Parser;
use skeleton_ssl::{Devices, TOKEN_VARIABLE};

/// Serve devices of this machine over WebSocket, until Ctrl-C.
///
/// Traffic is not encrypted. Where SKELETON_SSL_TOKEN is set, only trainings that have the same value in theirs are served;
/// without it, everyone who reaches the address may run operations and take memory: keep to a trusted network.
#[derive(Parser, Debug)]
#[command(after_help = "\
Examples:
  device_server                                              the default device, to this machine only
  device_server --listen 0.0.0.0:3000                        to the network
  device_server --listen 0.0.0.0:3000 --device cuda:0,cuda:1 two GPUs: ws://HOST:3000 and ws://HOST:3000/1")]
struct Options {
    /// Address and port to listen on; port 0 is any free one.
    #[arg(long, default_value = "127.0.0.1:3000", value_name = "ADDRESS:PORT")]
    listen: String,
    /// The devices to serve, all of one backend, separated by commas: BACKEND or BACKEND:INDEX.
    #[arg(long, default_value_t = Devices::default())]
    device: Devices,
}

fn serve(options: &Options) -> Result<(), String> {
    let devices = options.device.open().map_err(|error| error.to_string())?;
    let cannot = |error| format!("cannot listen on {}: {error}", options.listen);
    let listener = TcpListener::bind(&options.listen).map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    let mut server = RemoteServer::new(devices.devices());
    if let Ok(token) = std::env::var(TOKEN_VARIABLE) {
        let authorizer = TokenAuthorizer::new(token.as_str());
        let authorizer = authorizer.map_err(|error| format!("{TOKEN_VARIABLE}: {error}"))?;
        server = server.with_authorizer(authorizer);
    }
    println!("serving {} at ws://{address}", options.device);
    std::io::stdout()
        .flush()
        .map_err(|error| error.to_string())?;
    let served = server.serve(WebSocketTransport::from_listener(listener));
    served.map_err(|error| error.to_string())
}

fn main() {
    if let Err(error) = serve(&Options::parse()) {
        eprintln!("error: {error}");
        exit(1);
    }
}
