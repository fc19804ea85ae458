//! What the generator makes of small schemas.

use quadruplex_tl_gen::{Files, api};
use quadruplex_tl_schema::Schema;

/// Everything the generator writes for these lines, on one line.
fn generated(lines: &str) -> Files {
    let base = "inputPeerEmpty = InputPeer;\ninputPeerUser user_id:long = InputPeer;\n";
    let schema = Schema::parse(&format!("// LAYER 1\n{base}{lines}")).expect("a schema");
    let squeeze = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    api(&schema).into_iter().map(|(name, text)| (name, squeeze(text))).collect()
}

fn check(lines: &str, file: &str, holds: &[&str]) {
    let files = generated(lines);
    let text = files.get(file).unwrap_or_else(|| panic!("{file} is not among {:?}", files.keys()));
    for part in holds {
        assert!(text.contains(part), "`{part}` is not in {text}");
    }
}

#[test]
fn constructors_and_types() {
    let lines = "dogEmpty = Dog;\ndog id:long name:string = Dog;\nzoo.cage dogs:Vector<Dog> = zoo.Cage;";
    check(lines, "types/mod.rs", &["pub mod zoo;", "pub struct Dog { pub id: i64, pub name: String, }"]);
    check(lines, "enums/mod.rs", &["pub enum Dog { /// `dogEmpty` Empty, /// `dog` Dog(types::Dog), }"]);
    check(lines, "types/zoo.rs", &["pub struct Cage { pub dogs: Vec<enums::Dog>, }"]);
    check(lines, "enums/zoo.rs", &["pub use types::zoo::Cage;"]);
}

#[test]
fn positions_only_in_what_only_requests_hold() {
    let lines = "inputDialog peer:InputPeer = InputDialog;\ndraft peer:InputPeer = Draft;\n---functions---\n\
                 ask dialog:InputDialog draft:Draft peers:Vector<InputPeer> = Draft;";
    check(
        lines,
        "types/mod.rs",
        &["pub struct InputDialog { pub peer: Arg<enums::InputPeer>, }", "pub struct Draft { pub peer: enums::InputPeer, }"],
    );
    check(
        lines,
        "functions/mod.rs",
        &[
            "pub struct Ask { pub dialog: enums::InputDialog, pub draft: enums::Draft, pub peers: Vec<Arg<enums::InputPeer>>, }",
            "peers: impl IntoIterator<Item = impl Into<Arg<enums::InputPeer>>>",
            "self.dialog.encode(peers, out); self.draft.serialize(out); self.peers.encode(peers, out);",
            "self.dialog.lookups(found); self.peers.lookups(found);",
        ],
    );
}

#[test]
fn what_contains_itself_is_boxed_and_counts_its_depth() {
    let lines = "textPlain s:string = Text;\ntextBold text:Text = Text;\ntextAll texts:Vector<Text> = Text;\nflat s:string = Flat;\nflatNone = Flat;";
    check(
        lines,
        "types/mod.rs",
        &["pub struct TextBold { pub text: Box<enums::Text>, }", "pub struct TextAll { pub texts: Vec<enums::Text>, }"],
    );
    check(lines, "enums/mod.rs", &["reader.nested(\"Text\", |reader| {"]);
    let files = generated(lines);
    assert!(!files["enums/mod.rs"].contains("nested(\"Flat\""));
}

#[test]
fn large_variants_are_boxed() {
    let strings: String = (0..3).map(|n| format!(" s{n}:string")).collect();
    let lines = format!("small n:int = Size;\nlarge{strings} = Size;");
    check(&lines, "enums/mod.rs", &["Small(types::Small), /// `large` Large(Box<types::Large>),", "Self::Large(Box::new(value))"]);
}

#[test]
fn flags() {
    let lines = "a flags:# yes:flags.0?true n:flags.1?int = A;";
    check(
        lines,
        "types/mod.rs",
        &[
            "pub struct A { pub yes: bool, pub n: Option<i32>, }",
            "let flags = u32::from(self.yes) << 0 | u32::from(self.n.is_some()) << 1;",
            "yes: flags & (1 << 0) != 0, n: optional(reader, flags & (1 << 1) != 0)?",
        ],
    );
    // Fields under one bit: one with a default is filled, one without decides.
    let lines = "a flags:# n:flags.0?int p:flags.0?InputPeer = A;\nb flags:# c:flags.0?C n:flags.0?int = B;\nc s:string = C;";
    check(
        lines,
        "types/mod.rs",
        &[
            "u32::from(self.n.is_some() || self.p.is_some()) << 0",
            "match &self.n { Some(value) => { value.serialize(out); } None => { 0_u32.serialize(out); } }",
            "u32::from(self.c.is_some()) << 0",
        ],
    );
}

#[test]
fn functions() {
    let lines = "---functions---\nhelp.ping = InputPeer;\nsend peer:InputPeer random_id:long = Vector<InputPeer>;\n\
                 forward id:Vector<int> random_id:Vector<long> = Bool;\ninvokeWith {X:Type} n:int query:!X = X;";
    check(lines, "functions/help.rs", &["pub struct Ping;", "type Return = enums::InputPeer;"]);
    check(
        lines,
        "functions/mod.rs",
        &[
            "pub fn new(peer: impl Into<Arg<enums::InputPeer>>) -> Self { Self { peer: peer.into(), random_id: 0, } }",
            "type Return = Vec<enums::InputPeer>; #[inline] fn fill_random(&mut self, next: &mut dyn FnMut() -> i64) { if self.random_id == 0",
            "self.random_id.resize_with(self.id.len(), next);",
            "pub struct InvokeWith { pub n: i32, }",
            "impl Wrapper for InvokeWith {}",
        ],
    );
}

#[test]
fn tables() {
    let lines = "updateNew = Updates;\n---functions---\nusers.getUsers id:Vector<int> = Bool;\ngetaway = Bool;\nsend random_id:long = Bool;\n\
                 report random_id:bytes = Bool;";
    let text = &generated(lines)["tables.rs"];
    let table =
        |name: &str| text.split(&format!("static {name}: &[u32] = &[")).nth(1).and_then(|rest| rest.split(']').next()).expect("is there");
    assert!(table("READ_ONLY").contains("users.getUsers") && !table("READ_ONLY").contains("getaway"));
    assert!(table("RANDOM_ID").contains("send") && !table("RANDOM_ID").contains("report"));
    assert!(table("UPDATES").contains("updateNew"));
}
