//! How long a check of about a million lines takes, and how much memory.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use super::data::Data;
use crate::check::check_project;
use crate::config::Config;
use crate::project::Project;

/// The group whose packages play the members of one workspace.
const GROUP: &str = "libs1";

/// Checks the group twice: with an empty index of its dependencies, and with the one that the first check left. Processor time and memory are
/// the kernel's numbers, so they are known on Linux only.
pub(super) fn run(data: &Data, work: &Path, to: &mut dyn Write) -> Result<(), String> {
    let index = work.join("speed-index");
    let _ = fs::remove_dir_all(&index); // it may not exist
    let write = |to: &mut dyn Write, line: String| writeln!(to, "{line}").map_err(|error| error.to_string());
    write(to, "| index | files | lines | seconds | of processor | MiB at most |\n|---|---|---|---|---|---|".to_owned())?;
    for state in ["cold", "warm"] {
        let (start, before) = (Instant::now(), processor_seconds());
        let mut project = Project::load(&work.join(GROUP))?;
        for package in &mut project.packages {
            package.member =
                data.packages.iter().any(|row| row.group == GROUP && row.name == package.name && row.version == package.version);
        }
        project.cache = Some(index.clone());
        let (files, lines) = check_project(project, &Config::default(), None).size;
        let seconds = start.elapsed().as_secs_f64();
        let processor = processor_seconds().zip(before).map_or("–".to_owned(), |(after, before)| format!("{:.1}", after - before));
        let peak = peak_mebibytes().map_or("–".to_owned(), |peak| peak.to_string());
        write(to, format!("| {state} | {files} | {lines} | {seconds:.1} | {processor} | {peak} |"))?;
    }
    Ok(())
}

/// User and system time of this process and of those it has waited for, in the hundredths that Linux counts.
fn processor_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: u64 = fields.get(11..15)?.iter().filter_map(|field| field.parse::<u64>().ok()).sum();
    Some(ticks as f64 / 100.0)
}

fn peak_mebibytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
}
