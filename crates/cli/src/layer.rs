use std::fs;
use std::path::PathBuf;

use quadruplex::schema::{Schema, builtin};

use crate::failure::{Failure, Kind};

/// Which schema a command goes by.
#[derive(Debug, clap::Args)]
pub(crate) struct Layer {
    /// Go by the schema in this file (TL, as Telegram publishes it) instead of the one that is built in.
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
    /// Go by another layer that is built in: 227 to 230.
    #[arg(long, value_name = "N", conflicts_with = "schema")]
    layer: Option<u32>,
}

impl Layer {
    /// The schema, for as long as the process lives.
    pub(crate) fn schema(&self) -> Result<&'static Schema, Failure> {
        if let Some(file) = &self.schema {
            let text = fs::read_to_string(file)
                .map_err(|error| Failure::new(Kind::Usage, format!("cannot read the schema {}: {error}", file.display())))?;
            let schema = Schema::parse(&text).map_err(|errors| {
                let lines: Vec<String> = errors.to_string().lines().map(|line| format!("\n  {line}")).collect();
                Failure::new(Kind::Usage, format!("{} is not a TL schema{}", file.display(), lines.concat()))
            })?;
            return Ok(Box::leak(Box::new(schema)));
        }
        let layer = self.layer.unwrap_or(builtin::LAYER);
        builtin::api(layer).ok_or_else(|| {
            let known = builtin::LAYERS.map(|layer| layer.to_string()).join(", ");
            Failure::new(Kind::Usage, format!("layer {layer} is not built in\n  built in: {known}\n  help: --schema FILE takes any other"))
        })
    }
}
