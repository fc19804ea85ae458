//! Finds the mistakes in async Rust about which rustc and clippy are silent.

mod index;
mod ir;
mod lower;
mod parallel;
mod project;
mod source;

pub fn debug_load(path: &std::path::Path) {
    let t = std::time::Instant::now();
    let project = match project::Project::load(path) {
        Ok(p) => p,
        Err(e) => {
            println!("{e}");
            return;
        }
    };
    println!("metadata {:?} packages {}", t.elapsed(), project.packages.len());
    let t = std::time::Instant::now();
    let ws = index::load(project, index::Scope { tests: false, build_scripts: false, examples: true });
    println!(
        "load {:?} files {} lines {} fns {} crates {} notices {}",
        t.elapsed(),
        ws.files.len(),
        ws.lines(),
        ws.functions.len(),
        ws.index.crates.len(),
        ws.notices.len()
    );
    for n in ws.notices.iter().take(20) {
        println!("{} {}", n.path.display(), n.message)
    }
    let s = std::fs::read_to_string("/proc/self/status").unwrap();
    println!("{}", s.lines().find(|l| l.starts_with("VmHWM")).unwrap());
}
