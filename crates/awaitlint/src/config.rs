//! Configuration: `awaitlint.toml` beside the workspace's manifest, or `[workspace.metadata.awaitlint]` in it.
//!
//! ```toml
//! level = "likely"          # show certain and likely (the default); "certain" or "pedantic"
//! limit = 16                # what fixes write where a limit is needed
//! tests = false             # code under #[cfg(test)], tests and benches
//! generated = false         # files whose head says that a program wrote them
//! build-scripts = false
//! examples = true
//!
//! [rules]
//! batchable-lookup = "off"  # or a level: show this rule down to that level
//! ```

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::finding::Level;
use crate::project::Project;
use crate::rules::Rule;

const KEYS: &[&str] = &["level", "limit", "tests", "generated", "build-scripts", "examples", "rules"];

/// What is checked and shown.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) level: Level,
    pub(crate) limit: Option<usize>,
    pub(crate) tests: bool,
    pub(crate) generated: bool,
    pub(crate) build_scripts: bool,
    pub(crate) examples: bool,
    /// Per rule: off, or its own level.
    rules: BTreeMap<Rule, Option<Level>>,
    /// Nothing but these, if there are any.
    only: Vec<Rule>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            level: Level::Likely,
            limit: None,
            tests: false,
            generated: false,
            build_scripts: false,
            examples: true,
            rules: BTreeMap::new(),
            only: Vec::new(),
        }
    }
}

/// What the command line says instead of the configuration.
#[derive(Clone, Default, Debug)]
pub struct Overrides {
    /// Show findings down to this level.
    pub level: Option<Level>,
    /// Check only these rules.
    pub rules: Vec<Rule>,
    /// The limit that fixes write.
    pub limit: Option<usize>,
    /// Check tests too.
    pub tests: Option<bool>,
}

impl Config {
    pub(crate) fn load(project: &Project) -> Result<Config, String> {
        let path = project.root.join("awaitlint.toml");
        if !path.is_file() {
            return match &project.settings {
                Some(value) => Config::parse(value).map_err(|error| format!("metadata of the manifest, `awaitlint`: {error}")),
                None => Ok(Config::default()),
            };
        }
        let shown = path.display();
        let text = fs::read_to_string(&path).map_err(|error| format!("{shown}: {error}"))?;
        let value: Value = toml::from_str(&text).map_err(|error| format!("{shown}: {error}"))?;
        Config::parse(&value).map_err(|error| format!("{shown}: {error}"))
    }

    fn parse(value: &Value) -> Result<Config, String> {
        let mut config = Config::default();
        let table = value.as_object().ok_or("not a table")?;
        for (key, value) in table {
            let flag = || value.as_bool().ok_or_else(|| format!("`{key}` must be true or false, got {value}"));
            match key.as_str() {
                "level" => config.level = level(key, value)?,
                "limit" => {
                    let limit = value
                        .as_u64()
                        .filter(|&limit| limit > 0)
                        .ok_or_else(|| format!("`limit` must be a number above 0, got {value}"))?;
                    config.limit = Some(limit as usize);
                }
                "tests" => config.tests = flag()?,
                "generated" => config.generated = flag()?,
                "build-scripts" => config.build_scripts = flag()?,
                "examples" => config.examples = flag()?,
                "rules" => {
                    for (name, value) in value.as_object().ok_or("`rules` must be a table of rule names")? {
                        let rule = Rule::named(name)
                            .ok_or_else(|| format!("unknown rule `{name}`; {}", suggest(name, Rule::all().map(Rule::name))))?;
                        let setting = if value == "off" { None } else { Some(level(name, value)?) };
                        config.rules.insert(rule, setting);
                    }
                }
                _ => return Err(format!("unknown key `{key}`; {}", suggest(key, KEYS.iter().copied()))),
            }
        }
        Ok(config)
    }

    pub(crate) fn apply(&mut self, overrides: &Overrides) -> Result<(), String> {
        if let Some(level) = overrides.level {
            self.level = level;
            self.rules.retain(|_, setting| setting.is_none());
        }
        self.limit = overrides.limit.or(self.limit);
        self.tests = overrides.tests.unwrap_or(self.tests);
        self.only.clone_from(&overrides.rules);
        if self.limit == Some(0) {
            return Err("--limit must be above 0".into());
        }
        Ok(())
    }

    /// Whether the rule runs at all.
    pub(crate) fn wants(&self, rule: Rule) -> bool {
        self.only.is_empty() && self.rules.get(&rule) != Some(&None) || self.only.contains(&rule)
    }

    /// Whether a finding of this rule and level is shown.
    pub(crate) fn shows(&self, rule: Rule, level: Level) -> bool {
        let down_to = match self.rules.get(&rule) {
            Some(Some(own)) => *own,
            _ => self.level,
        };
        level <= down_to
    }
}

fn level(key: &str, value: &Value) -> Result<Level, String> {
    let named = value.as_str().and_then(|name| Level::ALL.into_iter().find(|level| level.name() == name));
    named.ok_or_else(|| {
        format!("`{key}` must be certain, likely, pedantic{}, got {value}", if Rule::named(key).is_some() { " or off" } else { "" })
    })
}

/// The known name that is most like an unknown one, or all of them.
pub(crate) fn suggest<'a>(unknown: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.collect();
    let nearest = known.iter().map(|name| (distance(unknown, name), name)).min();
    match nearest {
        Some((distance, name)) if distance <= (unknown.len() / 3).max(2) => format!("did you mean `{name}`?"),
        _ => format!("there are: {}", known.join(", ")),
    }
}

/// Insertions, removals and replacements from one to the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, to) in b.iter().enumerate() {
            let cost = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        let value = toml::from_str::<Value>(text).expect("the test's TOML is valid");
        assert_eq!(Config::parse(&value).expect_err("the test's configuration is wrong"), expect);
    }

    #[test]
    fn mistakes_are_named_with_a_suggestion() {
        check("levle = 'likely'", "unknown key `levle`; did you mean `level`?");
        check("level = 'high'", "`level` must be certain, likely, pedantic, got \"high\"");
        check("limit = 0", "`limit` must be a number above 0, got 0");
        check("tests = 1", "`tests` must be true or false, got 1");
        check("[rules]\nawait_in_lop = 'off'", "unknown rule `await_in_lop`; did you mean `await-in-loop`?");
        check("[rules]\nbusy-poll = 'on'", "`busy-poll` must be certain, likely, pedantic or off, got \"on\"");
    }

    #[test]
    fn rules_have_levels_of_their_own() {
        let value = toml::from_str::<Value>("level = 'certain'\n[rules]\nbusy-poll = 'pedantic'\nlate-await = 'off'").expect("valid");
        let config = Config::parse(&value).expect("right");
        assert!(config.shows(Rule::BusyPoll, Level::Pedantic) && !config.shows(Rule::MemoRace, Level::Likely));
        assert!(!config.wants(Rule::LateAwait) && config.wants(Rule::MemoRace));
    }
}
