//! Instructions per item of awaitkit and of crates that do the same, counted by valgrind.
//!
//! `cargo run --release` counts; `cargo run --release -- --smoke` only runs every case once. A count does not depend on how busy the
//! machine is. Each case runs in a process of its own, with N and with 2N items: the difference leaves out what happens once.

mod batch;
mod map;
mod memo;
mod plain;

use std::env;
use std::process::{Command, ExitCode};

use tokio::runtime::{Builder, Runtime};

/// One way of doing the work of a group. A name with a remark in parentheses promises less than ours and sets no bound.
struct Case {
    group: &'static str,
    name: &'static str,
    /// Runs so many items.
    run: fn(usize),
}

/// What is expected of ours against the best of the others in its group: at most so many times its count, plus so many instructions.
struct Expect {
    group: &'static str,
    times: f64,
    plus: f64,
}

const EXPECTED: &[Expect] = &[
    Expect { group: "map, ready", times: 1.1, plus: 0.0 },
    Expect { group: "map, one wake-up", times: 1.1, plus: 0.0 },
    Expect { group: "join all", times: 1.1, plus: 0.0 },
    Expect { group: "batch, keys", times: 1.1, plus: 0.0 },
    Expect { group: "memo, hit", times: 1.2, plus: 0.0 },
    Expect { group: "memo, miss", times: 1.0, plus: 0.0 },
    Expect { group: "async fn without waiting", times: 1.0, plus: 15.0 },
];

const ITEMS: usize = 4_000;

fn main() -> ExitCode {
    let cases: Vec<Case> = map::CASES.into_iter().chain(batch::CASES).chain(memo::CASES).chain(plain::CASES).collect();
    let args: Vec<String> = env::args().skip(1).collect();
    match &args[..] {
        [smoke] if smoke == "--smoke" => {
            cases.iter().for_each(|case| (case.run)(100));
            println!("{} cases ran", cases.len());
            ExitCode::SUCCESS
        }
        [group, name, items] => {
            let case = cases.iter().find(|case| case.group == group && case.name == name).expect("a case of this name");
            (case.run)(items.parse().expect("a number of items"));
            ExitCode::SUCCESS
        }
        _ => table(&cases),
    }
}

/// Counts everything and compares; fails if an expectation is missed.
fn table(cases: &[Case]) -> ExitCode {
    let mut missed = 0;
    for Expect { group, times, plus } in EXPECTED {
        let counts: Vec<(&str, f64)> = cases.iter().filter(|case| case.group == *group).map(|case| (case.name, per_item(case))).collect();
        let others = counts.iter().filter(|(name, _)| *name != OURS && !name.ends_with(')')).map(|(_, count)| *count);
        let allowed = times * others.fold(f64::INFINITY, f64::min) + plus;
        println!("{group}");
        for (name, count) in counts {
            let verdict = match name == OURS {
                true if count <= allowed => format!("within {allowed:.0}"),
                true => {
                    missed += 1;
                    format!("MORE than {allowed:.0}")
                }
                false => String::new(),
            };
            println!("  {count:>8.0}  {name:<36} {verdict}");
        }
    }
    println!("{missed} expectations missed");
    ExitCode::from(u8::from(missed > 0))
}

fn per_item(case: &Case) -> f64 {
    (count(case, 2 * ITEMS) - count(case, ITEMS)) / ITEMS as f64
}

fn count(case: &Case, items: usize) -> f64 {
    let own = env::current_exe().expect("the path of this program");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(own)
        .args([case.group, case.name, &items.to_string()])
        .output()
        .expect("valgrind is installed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} {}: {said}", case.group, case.name);
    let collected = said.lines().find_map(|line| line.split_once("Collected :")).expect("callgrind prints a count");
    collected.1.trim().parse().expect("a number")
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().expect("a runtime")
}

const OURS: &str = "awaitkit";
