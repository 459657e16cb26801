use std::fmt;
use std::str::FromStr;

use burn::tensor::Device;

use super::DeviceError;

/// The environment variable with the secret that trainings share with the device servers that they use.
pub const TOKEN_VARIABLE: &str = "SKELETON_SSL_TOKEN";

/// A device of a device server: `ws://HOST:PORT`, or `ws://HOST:PORT/INDEX` for one that is not the server's first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ServerAddress {
    host: String,
    port: u16,
    index: usize,
}

impl ServerAddress {
    /// Opens a session with the server, once in a process.
    #[cfg(feature = "remote")]
    pub(super) fn connect(&self) -> Result<Device, DeviceError> {
        let url = format!("ws://{}:{}", self.host, self.port);
        let mut host = burn::remote::RemoteHost::websocket(&url);
        if let Ok(token) = std::env::var(TOKEN_VARIABLE) {
            host = host.with_credential(token.as_str());
        }
        Device::remote_options(&host)
            .device_index(self.index)
            .init()
            .map_err(|error| DeviceError::Unreachable {
                given: self.to_string(),
                problem: error.to_string(),
            })
    }

    #[cfg(not(feature = "remote"))]
    pub(super) fn connect(&self) -> Result<Device, DeviceError> {
        Err(DeviceError::RemoteNotCompiled {
            given: self.to_string(),
        })
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ws://{}:{}", self.host, self.port)?;
        match self.index {
            0 => Ok(()),
            index => write!(f, "/{index}"),
        }
    }
}

impl FromStr for ServerAddress {
    type Err = DeviceError;

    fn from_str(text: &str) -> Result<Self, DeviceError> {
        let refuse = |problem: &str| DeviceError::Address {
            given: text.to_owned(),
            problem: problem.to_owned(),
        };
        let rest = text
            .strip_prefix("ws://")
            .ok_or_else(|| refuse("the only protocol is ws"))?;
        let (authority, index) = match rest.split_once('/') {
            None | Some((_, "")) => (rest.trim_end_matches('/'), 0),
            Some((authority, index)) => {
                let number = index
                    .parse()
                    .map_err(|_| refuse(&format!("`{index}` is not the index of a device")))?;
                (authority, number)
            }
        };
        let (host, port) = authority
            .rsplit_once(':')
            .ok_or_else(|| refuse("the port is missing"))?;
        let port = match port.parse() {
            Ok(0) | Err(_) => return Err(refuse(&format!("`{port}` is not a port"))),
            Ok(port) => port,
        };
        let bare = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        if bare.is_empty() || bare.contains(['[', ']', '@', '?', '#', ' ']) {
            return Err(refuse(&format!("`{host}` is not a host")));
        }
        if bare.contains(':') != host.starts_with('[') {
            return Err(refuse("an IPv6 address stands in brackets"));
        }
        if cfg!(not(feature = "remote")) {
            return Err(DeviceError::RemoteNotCompiled {
                given: text.to_owned(),
            });
        }
        Ok(Self {
            host: host.to_owned(),
            port,
            index,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_none_is_refused_with_what_is_wrong() {
        for (text, expected) in [
            ("http://host:3000", "protocol"),
            ("ws://host", "port is missing"),
            ("ws://host:no", "`no` is not a port"),
            ("ws://host:0", "`0` is not a port"),
            ("ws://host:70000", "`70000` is not a port"),
            ("ws://:3000", "not a host"),
            ("ws://a b:3000", "not a host"),
            ("ws://::1:3000", "brackets"),
            ("ws://[host]:3000", "brackets"),
            ("ws://host:3000/first", "`first` is not the index"),
            ("ws://host:3000/-1", "`-1` is not the index"),
        ] {
            let error = text.parse::<ServerAddress>().unwrap_err();
            assert!(matches!(error, DeviceError::Address { .. }), "{error:?}");
            let error = error.to_string();
            assert!(error.contains(expected) && error.contains(text), "{error}");
        }
    }

    #[cfg(feature = "remote")]
    #[test]
    fn text_round_trips_without_the_index_of_the_first_device() {
        for (text, shown) in [
            ("ws://127.0.0.1:3000", "ws://127.0.0.1:3000"),
            ("ws://gpu-7.lab:3000/", "ws://gpu-7.lab:3000"),
            ("ws://gpu-7.lab:3000/0", "ws://gpu-7.lab:3000"),
            ("ws://[::1]:65535/3", "ws://[::1]:65535/3"),
        ] {
            let address: ServerAddress = text.parse().unwrap();
            assert_eq!(address.to_string(), shown);
            assert_eq!(shown.parse::<ServerAddress>().unwrap(), address);
        }
    }

    #[cfg(feature = "remote")]
    #[test]
    fn a_server_that_is_not_there_is_named_with_what_starts_one() {
        // A port that was free a moment ago.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("ws://{}", listener.local_addr().unwrap());
        drop(listener);
        let error = address.parse::<ServerAddress>().unwrap().connect();
        let error = error.unwrap_err().to_string();
        assert!(error.contains(&address), "{error}");
        assert!(error.contains("device_server"), "{error}");
    }

    #[cfg(not(feature = "remote"))]
    #[test]
    fn a_build_without_remote_devices_says_which_feature_it_lacks() {
        let error = "ws://host:3000".parse::<ServerAddress>().unwrap_err();
        assert!(error.to_string().contains("feature `remote`"), "{error}");
    }
}
