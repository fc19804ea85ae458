use serde_json::{Value, json};

use super::Stage;
use crate::commands::demo::actor::Actor;
use crate::commands::demo::report::Outcome;

/// The people of the demo. Numbers like these live on the data centre that their sixth digit names.
const PEOPLE: [(&str, &str); 3] = [("Alice", "9996610001"), ("Bobby", "9996620002"), ("Carol", "9996630003")];

pub(super) async fn exchange_keys(stage: &mut Stage) -> Result<Outcome, String> {
    for (name, phone) in PEOPLE {
        let actor = Actor::connect(&stage.server, name, phone).await?;
        stage.actors.push(actor);
    }
    let took: Vec<f64> = stage.actors.iter().map(|actor| actor.exchange.as_secs_f64() * 1e3).collect();
    let words: Vec<String> = stage.actors.iter().zip(&took).map(|(actor, ms)| format!("{} {ms:.1} ms", actor.name)).collect();
    Ok(Outcome { line: words.join(", "), figures: json!({ "ms": took }) })
}

pub(super) async fn sign_in(stage: &mut Stage) -> Result<Outcome, String> {
    let mut words = Vec::new();
    let mut figures = Vec::new();
    for actor in &stage.actors {
        let took = actor.sign_in(&stage.server).await?.as_secs_f64() * 1e3;
        let dc = actor.client.home_dc();
        words.push(format!("{} on DC {dc} ({took:.0} ms)", actor.name));
        figures.push(json!({ "name": actor.name, "dc": dc, "ms": took }));
    }
    Ok(Outcome { line: words.join(", "), figures: json!({ "accounts": Value::from(figures) }) })
}
