//! Whatever is asked, in whatever layer: an answer that every layer can say, or an error of Telegram; never a panic.

use std::collections::BTreeSet;

use quadruplex_sandbox::world::{Reply, World, fit};
use quadruplex_tl::Reader;
use quadruplex_tl_schema::builtin::{LAYERS, api, errors};
use quadruplex_tl_schema::testing::{Random, Rng};
use quadruplex_tl_schema::{Missing, Object, Type, Value};

use super::fixture::{Fixture, Session, as_channel, as_user, input, peer_of, send};

/// Ways to name somebody or something that exists.
struct Known {
    peers: Vec<Object>,
    media: Vec<Object>,
    files: Vec<Object>,
}

/// A world in which something has happened, a session in each layer, and what the account knows.
fn stage() -> (Fixture, Vec<Session>, Known) {
    let mut fixture = Fixture::new();
    let alice = fixture.user("alice");
    fixture.user("bobby");
    fixture.bot("echo", true);
    let bob = peer_of(&mut fixture, &alice, "bobby_name");
    let bot = peer_of(&mut fixture, &alice, "echo_bot");
    let users = vec![as_user(&bob), as_user(&bot)];
    let made = fixture.ok(&alice, Object::new("messages.createChat").with("users", users).with("title", "Club"));
    let club = input(made.object("updates").unwrap().objects("chats").next().unwrap());
    let mut peers = vec![Object::new("inputPeerSelf"), bob, bot, club];
    for kind in ["megagroup", "broadcast"] {
        let made = fixture.ok(&alice, Object::new("channels.createChannel").with(kind, true).with("title", kind).with("about", ""));
        peers.push(input(made.objects("chats").next().unwrap()));
    }
    for (at, peer) in peers.iter().enumerate() {
        for number in 0..3 {
            fixture.ok(&alice, send(peer, "hello", (at * 3 + number) as i64 + 1));
        }
    }
    let mut files = Vec::new();
    for file_id in 1..=3 {
        let part = Object::new("upload.saveFilePart").with("file_id", file_id).with("file_part", 0);
        fixture.call(&alice, part.with("bytes", &b"\xff\xd8\xff\xe0 a picture"[..])).unwrap();
        files.push(Object::new("inputFile").with("id", file_id).with("parts", 1).with("name", "a.jpg").with("md5_checksum", ""));
    }
    let document = Object::new("inputMediaUploadedDocument").with("mime_type", "a/b").with("attributes", Value::Vector(vec![]));
    let media = vec![
        document.with("file", files[0].clone()),
        Object::new("inputMediaUploadedPhoto").with("file", files[1].clone()),
        Object::new("inputMediaDice").with("emoticon", "🎲"),
    ];
    let sessions = LAYERS
        .iter()
        .map(|layer| {
            let mut session = fixture.again(alice.id);
            session.caller.layer = *layer as i32;
            session
        })
        .collect();
    (fixture, sessions, Known { peers, media, files })
}

impl Known {
    /// Puts what exists in the place of what was made up, most of the time; if it is `wild`, often the ends of what can be said.
    fn put_into(&self, value: &mut Value, ty: &Type, wild: bool, rng: &mut Rng) {
        if rng.below(10) == 0 {
            return;
        }
        if wild && rng.below(3) == 0 {
            return put_edge(value, rng);
        }
        let peer = &self.peers[rng.below(self.peers.len())];
        match (ty, &mut *value) {
            (Type::Int, Value::Int(number)) => *number = rng.below(25) as i32 - 1,
            (Type::Long, Value::Long(number)) => match peer.long("chat_id") {
                Some(chat) if rng.below(2) == 0 => *number = chat,
                _ => *number = rng.below(40) as i64,
            },
            (Type::Boxed(name), _) => {
                let known = match name.as_str() {
                    "InputPeer" => Some(peer.clone()),
                    "InputUser" if peer.is("inputPeerUser") => Some(as_user(peer)),
                    "InputChannel" if peer.is("inputPeerChannel") => Some(as_channel(peer)),
                    "InputMedia" => Some(self.media[rng.below(self.media.len())].clone()),
                    "InputFile" => Some(self.files[rng.below(self.files.len())].clone()),
                    _ => None,
                };
                if let Some(known) = known {
                    *value = known.into();
                }
            }
            _ => {}
        }
    }
}

/// The ends of what can be said, where sums overflow.
fn put_edge(value: &mut Value, rng: &mut Rng) {
    match value {
        Value::Int(number) => *number = [i32::MIN, i32::MIN + 1, -1, 0, 1, i32::MAX - 1, i32::MAX, 1 << 30][rng.below(8)],
        Value::Long(number) => *number = [i64::MIN, -1, 0, 1, i64::MAX, i64::MAX & !0xfff, i64::MAX & !0xf_ffff, 1 << 62][rng.below(8)],
        Value::String(text) => *text = ["18446744073709551615", "-9223372036854775808", "2147483647", "0"][rng.below(4)].into(),
        _ => {}
    }
}

/// Encodes in every layer, as the server does: once more without what a layer cannot say.
fn encode_everywhere(what: &str, value: &Value, encode: impl Fn(u32, &Value, &mut Vec<u8>) -> Result<(), String>) {
    for layer in LAYERS {
        let mut fitted = value.clone();
        let first = encode(layer, value, &mut Vec::new());
        if first.is_err() {
            fit(api(layer).unwrap(), &mut fitted);
        }
        if let Err(error) = encode(layer, &fitted, &mut Vec::new()) {
            panic!("{what} in layer {layer}: {error}\n{value:#?}");
        }
    }
}

#[test]
fn random_requests_are_answered_in_every_layer() {
    let methods: Vec<&str> = World::methods().collect();
    let makers: Vec<Random<'_>> = LAYERS.iter().map(|layer| Random::new(api(*layer).unwrap())).collect();
    let mut answered = BTreeSet::new();
    for seed in 0..12 {
        let mut rng = Rng::new(seed);
        let (mut fixture, sessions, known) = stage();
        for _ in 0..1000 {
            let method = methods[rng.below(methods.len())];
            // These end the account's part in the play.
            if method.starts_with("auth.") || ["contacts.block", "messages.migrateChat", "channels.deleteChannel"].contains(&method) {
                continue;
            }
            let at = rng.below(LAYERS.len());
            let schema = api(LAYERS[at]).unwrap();
            let mut request = makers[at].object(schema.function(method).unwrap(), &mut rng);
            let wild = rng.below(3) == 0;
            schema.walk(&mut request, &mut |ty, value| known.put_into(value, ty, wild, &mut rng));
            let mut bytes = Vec::new();
            schema.encode_function(&request, &mut bytes).unwrap();
            let request = schema.decode_function(&mut Reader::new(&bytes)).unwrap();
            fixture.now.ms += 10;
            match fixture.world.call(&sessions[at].caller, &request, fixture.now) {
                Reply::Later(_) => {
                    answered.insert(method);
                }
                Reply::Done(Ok(value)) => {
                    answered.insert(method);
                    encode_everywhere(method, &value, |layer, value, out| {
                        api(layer).unwrap().encode_result(method, value, Missing::Default, out).map_err(|error| error.to_string())
                    });
                }
                Reply::Done(Err(error)) => assert!(errors().named(&error.name).any(|known| known.code == error.code), "{method}: {error}"),
            }
            for push in fixture.world.take_pushes() {
                encode_everywhere(method, &push.update, |layer, value, out| {
                    api(layer).unwrap().encode("Updates", value, Missing::Default, out).map_err(|error| error.to_string())
                });
            }
        }
    }
    let silent: Vec<&&str> = methods.iter().filter(|method| !answered.contains(*method) && !method.starts_with("auth.")).collect();
    assert!(silent.len() < methods.len() / 4, "hardly anything was tried: never answered were {silent:?}");
}
