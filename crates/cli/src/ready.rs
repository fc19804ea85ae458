use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use quadruplex::{PublicKey, Servers};
use quadruplex_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::Context;
use crate::failure::{Failure, Kind};
use crate::state_dir::StateDir;

/// What a sandbox says when it is ready: the first line that `quadruplex sandbox` prints.
#[derive(Clone, Debug)]
pub(crate) struct Ready {
    /// The data centres, the first one first.
    pub(crate) dcs: Vec<(i32, SocketAddr)>,
    /// The file of the public key.
    rsa_key: PathBuf,
    fingerprint: u64,
    /// The file in which everything is kept.
    pub(crate) state: Option<PathBuf>,
    /// Where the admin interface is.
    pub(crate) admin: Option<SocketAddr>,
    /// The link to the MTProto proxy.
    mtproxy: Option<String>,
}

impl Ready {
    /// Describes a running sandbox, whose key is written to a file for whoever wants to connect.
    pub(crate) fn of(sandbox: &Sandbox, state: Option<&Path>, context: &Context) -> Result<Self, Failure> {
        let key = sandbox.public_key();
        let rsa_key = context.state_dir.file("sandbox.pem")?;
        fs::write(&rsa_key, key.to_pem()).map_err(|error| StateDir::failed(format_args!("cannot write {}", rsa_key.display()), &error))?;
        Ok(Self {
            dcs: sandbox.addresses(),
            rsa_key: absolute(&rsa_key),
            fingerprint: key.fingerprint(),
            state: state.map(absolute),
            admin: None,
            mtproxy: sandbox.mtproxy().map(|proxy| proxy.to_link()),
        })
    }

    pub(crate) fn to_json(&self) -> Value {
        let dcs = self.dcs.iter().map(|(id, address)| json!({ "id": id, "address": address.to_string() }));
        json!({
            "event": "ready",
            "dcs": dcs.collect::<Value>(),
            "rsa_key": self.rsa_key.display().to_string(),
            "fingerprint": format!("{:016x}", self.fingerprint),
            "mtproxy": self.mtproxy,
            "admin": self.admin.map(|address| address.to_string()),
            "state": self.state.as_ref().map(|state| state.display().to_string()),
        })
    }

    /// Reads such a line; `None` if it is something else.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let ready: Value = serde_json::from_str(line).ok()?;
        let dc = |dc: &Value| Some((i32::try_from(dc["id"].as_i64()?).ok()?, dc["address"].as_str()?.parse().ok()?));
        Some(Self {
            dcs: ready["dcs"].as_array()?.iter().map(dc).collect::<Option<_>>()?,
            rsa_key: ready["rsa_key"].as_str()?.into(),
            fingerprint: u64::from_str_radix(ready["fingerprint"].as_str()?, 16).ok()?,
            state: ready["state"].as_str().map(PathBuf::from),
            admin: ready["admin"].as_str().and_then(|address| address.parse().ok()),
            mtproxy: ready["mtproxy"].as_str().map(str::to_owned),
        })
    }

    /// What a client has to be told.
    pub(crate) fn servers(&self) -> Result<Servers, Failure> {
        let first = self.dcs.first().map_or(1, |(dc, _)| *dc);
        Ok(Servers::custom(first, self.dcs.iter().copied(), read_key(&self.rsa_key)?))
    }
}

/// Reads an RSA key.
pub(crate) fn read_key(file: &Path) -> Result<PublicKey, Failure> {
    let help = "help: PKCS#1 in PEM, which begins with -----BEGIN RSA PUBLIC KEY-----";
    let text = fs::read_to_string(file)
        .map_err(|error| Failure::new(Kind::Usage, format!("cannot read the key file {}: {error}\n  {help}", file.display())))?;
    PublicKey::from_pem(&text)
        .map_err(|error| Failure::new(Kind::Usage, format!("{} holds no RSA public key: {error}\n  {help}", file.display())))
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_read_back() {
        let line = r#"{"admin":null,"dcs":[{"address":"127.0.0.1:4431","id":1}],"event":"ready","fingerprint":"c3b42b026ce86b21","mtproxy":null,"rsa_key":"k.pem","state":null}"#;
        let ready = Ready::parse(line).expect("the line is whole");
        assert_eq!(ready.dcs, [(1, SocketAddr::from(([127, 0, 0, 1], 4431)))]);
        assert_eq!(ready.to_json().to_string(), line);
        for broken in ["", "{}", r#"{"dcs":[{"id":1}],"fingerprint":"1","rsa_key":"k.pem"}"#] {
            assert!(Ready::parse(broken).is_none(), "{broken}");
        }
    }
}
