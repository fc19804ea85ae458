use std::fs;
use std::path::PathBuf;

use quadruplex::{ApiId, Servers};

use super::guests::Guest;
use super::host;
use super::{Target, Variables};
use crate::Context;
use crate::failure::{Failure, Kind};
use crate::ready::read_key;

/// Where a command goes.
pub(super) struct Place {
    pub(super) servers: Servers,
    /// The directory of the sessions with these servers; none where nothing is kept.
    pub(super) sessions: Option<PathBuf>,
    pub(super) api: ApiId,
    /// What keeps the sandbox of another command there.
    pub(super) guest: Option<Guest>,
    pub(super) is_sandbox: bool,
}

impl Place {
    pub(super) async fn find(target: &Target, context: &Context) -> Result<Self, Failure> {
        if target.sandbox {
            return host::find(context).await;
        }
        let directory = |name: &str| make(context.state_dir.file(name)?);
        if let (Some(address), Some(file)) = (target.server, &target.rsa_key) {
            let servers = Servers::custom(target.dc, [(target.dc, address)], read_key(file)?);
            let sessions = directory(&format!("server-{address}").replace([':', '[', ']', '%'], "-"))?;
            // Whoever runs a server of one's own decides what it asks for; most ask for nothing.
            let api = application(target).unwrap_or_else(|_| any_application());
            return Ok(Self { servers, sessions: Some(sessions), api, guest: None, is_sandbox: false });
        }
        let (servers, name) = if target.test_servers { (Servers::telegram_test(), "test") } else { (Servers::telegram(), "telegram") };
        let api = application(target)?;
        Ok(Self { servers, sessions: Some(directory(name)?), api, guest: None, is_sandbox: false })
    }
}

/// What a server takes that does not care.
pub(super) fn any_application() -> ApiId {
    ApiId { id: 1, hash: "any".to_owned() }
}

/// Makes a directory.
pub(super) fn make(path: PathBuf) -> Result<PathBuf, Failure> {
    match fs::create_dir_all(&path) {
        Ok(()) => Ok(path),
        Err(error) => Err(Failure::io(format_args!("cannot make the directory {}", path.display()), &error)),
    }
}

/// The application, from the options, the environment or `.env`.
fn application(target: &Target) -> Result<ApiId, Failure> {
    let variables = Variables::load();
    let id = target.api_id.clone().or_else(|| variables.get("API_ID")).ok_or_else(|| missing("API_ID"))?;
    let hash = target.api_hash.clone().or_else(|| variables.get("API_HASH")).ok_or_else(|| missing("API_HASH"))?;
    let id = id.parse().map_err(|_| {
        let text = format!("the API id {id:?} is not a number\n  help: it is the `App api_id` at https://my.telegram.org/apps");
        Failure::new(Kind::Session, text)
    })?;
    Ok(ApiId { id, hash })
}

fn missing(name: &str) -> Failure {
    let text = format!(
        "missing {name}\n  \
         MTProto needs an application id. Get one in two minutes: https://my.telegram.org/apps\n  \
         then: export API_ID=… API_HASH=…      or try without: add --sandbox"
    );
    Failure::new(Kind::Session, text)
}
