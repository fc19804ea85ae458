//! Instructions and allocations per item of awaitkit and of crates that do the same, counted by valgrind.
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

/// What is expected of ours: at most so many times the instructions of the best of the others in its group, plus so many; and at most
/// so many allocations.
struct Expect {
    group: &'static str,
    times: f64,
    plus: f64,
    allocations: f64,
}

const EXPECTED: &[Expect] = &[
    Expect { group: "map, ready", times: 1.1, plus: 0.0, allocations: f64::INFINITY },
    Expect { group: "map, one wake-up", times: 1.1, plus: 0.0, allocations: f64::INFINITY },
    Expect { group: "join all", times: 1.1, plus: 0.0, allocations: f64::INFINITY },
    Expect { group: "batch, keys", times: 1.1, plus: 0.0, allocations: f64::INFINITY },
    Expect { group: "memo, hit", times: 1.2, plus: 0.0, allocations: f64::INFINITY },
    Expect { group: "memo, miss", times: 1.0, plus: 0.0, allocations: f64::INFINITY },
    Expect { group: "async fn without waiting", times: 1.0, plus: 15.0, allocations: 0.0 },
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
    for expect in EXPECTED {
        let counts: Vec<(&str, Cost)> =
            cases.iter().filter(|case| case.group == expect.group).map(|case| (case.name, per_item(case))).collect();
        let others = counts.iter().filter(|(name, _)| *name != OURS && !name.ends_with(')')).map(|(_, cost)| cost.instructions);
        let allowed = expect.times * others.fold(f64::INFINITY, f64::min) + expect.plus;
        println!("{}", expect.group);
        for (name, Cost { instructions, allocations }) in counts {
            let verdict = match name == OURS {
                true if instructions > allowed => format!("MORE than {allowed:.0}"),
                true if allocations > expect.allocations => "MORE allocations than expected".to_owned(),
                true => format!("within {allowed:.0}"),
                false => String::new(),
            };
            missed += u8::from(verdict.starts_with("MORE"));
            println!("{}", format!("  {instructions:>8.0} {allocations:>7.2}  {name:<36} {verdict}").trim_end());
        }
    }
    println!("{missed} expectations missed");
    ExitCode::from(u8::from(missed > 0))
}

/// What one item costs.
struct Cost {
    instructions: f64,
    allocations: f64,
}

fn per_item(case: &Case) -> Cost {
    let difference = |count: fn(&Case, usize) -> f64| (count(case, 2 * ITEMS) - count(case, ITEMS)) / ITEMS as f64;
    Cost { instructions: difference(instructions), allocations: difference(allocations) }
}

fn instructions(case: &Case, items: usize) -> f64 {
    number_after("Collected :", &under_valgrind(case, items, &["--tool=callgrind", "--callgrind-out-file=/dev/null"]))
}

fn allocations(case: &Case, items: usize) -> f64 {
    number_after("total heap usage:", &under_valgrind(case, items, &["--tool=memcheck", "--undef-value-errors=no"]))
}

/// What valgrind says about so many items in a process of their own.
fn under_valgrind(case: &Case, items: usize, args: &[&str]) -> String {
    let own = env::current_exe().expect("the path of this program");
    let output = Command::new("valgrind")
        .args(args)
        .arg(own)
        .args([case.group, case.name, &items.to_string()])
        .output()
        .expect("valgrind is installed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} {}: {said}", case.group, case.name);
    said.into_owned()
}

fn number_after(label: &str, said: &str) -> f64 {
    let (_, rest) = said.split_once(label).expect("valgrind prints its counts");
    let digits: String = rest.trim_start().chars().take_while(|c| c.is_ascii_digit() || *c == ',').filter(char::is_ascii_digit).collect();
    digits.parse().expect("a number")
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().expect("a runtime")
}

const OURS: &str = "awaitkit";
