//! Whatever happens: a client that listened all the time and one that slept and then asked for the difference know the same.

use std::collections::BTreeMap;

use proptest::prelude::*;
use quadruplex_sandbox::world::{Config, Peer};
use quadruplex_tl_schema::Object;

use super::fixture::{Fixture, Session, as_channel, as_user, config, input, object, peer_of, send};

/// What a client knows: the messages of each box, with text and date of the last edit.
#[derive(Clone, Debug, Default, PartialEq)]
struct Client {
    messages: BTreeMap<(Peer, i32), (Peer, String, i32)>,
    /// The `pts` of the account's box and of each channel.
    pts: BTreeMap<Peer, i32>,
    me: i64,
}

fn peer(object: &Object) -> Peer {
    match object.name.as_str() {
        "peerUser" => Peer::User(object.long("user_id").unwrap()),
        "peerChat" => Peer::Chat(object.long("chat_id").unwrap()),
        _ => Peer::Channel(object.long("channel_id").unwrap()),
    }
}

impl Client {
    fn new(me: i64) -> Self {
        Self { me, pts: BTreeMap::from([(Peer::User(me), 1)]), ..Self::default() }
    }

    fn learn(&mut self, message: &Object) {
        let in_peer = peer(message.object("peer_id").unwrap());
        let owner = if let Peer::Channel(_) = in_peer { in_peer } else { Peer::User(self.me) };
        let text = message.string("message").unwrap_or_default().to_owned();
        self.messages.insert((owner, message.int("id").unwrap()), (in_peer, text, message.int("edit_date").unwrap_or(0)));
    }

    /// Moves `pts` and says whether there was a gap.
    fn step(&mut self, owner: Peer, update: &Object) -> bool {
        let (pts, count) = (update.int("pts").unwrap(), update.int("pts_count").unwrap());
        let at = self.pts.entry(owner).or_insert(pts - count);
        let gap = *at + count != pts;
        *at = pts;
        gap
    }

    /// Applies an update; panics at a gap if `strict`.
    fn apply(&mut self, update: &Object, strict: bool) {
        let account = Peer::User(self.me);
        let (owner, changed) = match update.name.as_str() {
            "updateNewMessage" | "updateEditMessage" => (account, true),
            "updateNewChannelMessage" | "updateEditChannelMessage" => {
                (peer(update.object("message").unwrap().object("peer_id").unwrap()), true)
            }
            "updateDeleteMessages" | "updateReadHistoryInbox" | "updateReadHistoryOutbox" | "updatePinnedMessages" => (account, false),
            "updateDeleteChannelMessages" | "updatePinnedChannelMessages" => (Peer::Channel(update.long("channel_id").unwrap()), false),
            _ => return,
        };
        assert!(!self.step(owner, update) || !strict, "a gap at {update:?} in {owner:?}");
        if changed {
            self.learn(update.object("message").unwrap());
        } else if update.name.contains("Delete") {
            for id in update.longs("messages") {
                self.messages.remove(&(owner, id as i32));
            }
        }
    }

    fn hear(&mut self, updates: &Object) {
        match updates.name.as_str() {
            "updateShortMessage" | "updateShortChatMessage" => {
                assert!(!self.step(Peer::User(self.me), updates), "a gap at {updates:?}");
                let in_peer = match updates.long("chat_id") {
                    Some(chat) => Object::new("peerChat").with("chat_id", chat),
                    None => Object::new("peerUser").with("user_id", updates.long("user_id").unwrap()),
                };
                self.learn(&updates.clone().with("peer_id", in_peer));
            }
            _ => updates.objects("updates").for_each(|update| self.apply(update, true)),
        }
    }

    /// Sleeps no longer: asks for differences until nothing is missing.
    fn catch_up(&mut self, fixture: &mut Fixture, session: &Session, channels: &BTreeMap<i64, Object>) {
        let mut request = Object::new("updates.getDifference").with("pts", self.pts[&Peer::User(self.me)]).with("date", 0).with("qts", 0);
        loop {
            let answer = fixture.ok(session, request.clone());
            let state = answer.object("state").or_else(|| answer.object("intermediate_state")).cloned();
            answer.objects("new_messages").for_each(|message| self.learn(message));
            answer.objects("other_updates").for_each(|update| self.apply(update, false));
            let Some(state) = state else { break };
            self.pts.insert(Peer::User(self.me), state.int("pts").unwrap());
            if answer.is("updates.difference") {
                break;
            }
            request.set("pts", state.int("pts").unwrap());
        }
        for (channel, input) in channels {
            let owner = Peer::Channel(*channel);
            loop {
                let pts = *self.pts.get(&owner).unwrap_or(&1);
                let request =
                    Object::new("updates.getChannelDifference").with("channel", as_channel(input)).with("pts", pts).with("limit", 3);
                let answer = fixture.ok(session, request.with("filter", Object::new("channelMessagesFilterEmpty")));
                answer.objects("new_messages").for_each(|message| self.learn(message));
                answer.objects("other_updates").for_each(|update| self.apply(update, false));
                self.pts.insert(owner, answer.int("pts").unwrap());
                if answer.flag("final") {
                    break;
                }
            }
        }
    }
}

/// One thing that somebody does somewhere.
#[derive(Clone, Debug)]
enum Act {
    Send { who: usize, place: usize },
    Edit { who: usize, place: usize, which: usize },
    Delete { who: usize, place: usize, which: usize, revoke: bool },
    Forward { who: usize, from: usize, which: usize, to: usize },
    Read { who: usize, place: usize },
    Pin { who: usize, place: usize, which: usize },
    Sleep { who: usize },
}

fn act() -> impl Strategy<Value = Act> {
    let (who, place, which) = (0..3usize, 0..5usize, 0..100usize);
    prop_oneof![
        4 => (who.clone(), place.clone()).prop_map(|(who, place)| Act::Send { who, place }),
        2 => (who.clone(), place.clone(), which.clone()).prop_map(|(who, place, which)| Act::Edit { who, place, which }),
        2 => (who.clone(), place.clone(), which.clone(), any::<bool>())
            .prop_map(|(who, place, which, revoke)| Act::Delete { who, place, which, revoke }),
        1 => (who.clone(), place.clone(), which.clone(), 0..5usize).prop_map(|(who, from, which, to)| Act::Forward { who, from, which, to }),
        1 => (who.clone(), place.clone()).prop_map(|(who, place)| Act::Read { who, place }),
        1 => (who.clone(), place, which).prop_map(|(who, place, which)| Act::Pin { who, place, which }),
        1 => who.prop_map(|who| Act::Sleep { who }),
    ]
}

/// Three people, two conversations of each, a group, a supergroup and oneself.
struct Stage {
    fixture: Fixture,
    people: Vec<Session>,
    places: Vec<Vec<Object>>,
    channels: Vec<BTreeMap<i64, Object>>,
    random_id: i64,
}

impl Stage {
    fn new() -> Self {
        let mut fixture = Fixture::with(Config { difference_slice: 3, ..config() });
        let names = ["alice", "bobby", "carol"];
        let people: Vec<Session> = names.iter().map(|name| fixture.user(name)).collect();
        let mut places: Vec<Vec<Object>> = Vec::new();
        for person in &people {
            let mut own = vec![Object::new("inputPeerSelf")];
            for name in names {
                let found = peer_of(&mut fixture, person, &format!("{name}_name"));
                if found.long("user_id") != Some(person.id) {
                    own.push(found);
                }
            }
            places.push(own);
        }
        let others: Vec<Object> = places[0][1..].iter().map(as_user).collect();
        let made = fixture.ok(&people[0], Object::new("messages.createChat").with("users", others.clone()).with("title", "Club"));
        let club = input(made.object("updates").unwrap().objects("chats").next().unwrap());
        let made =
            fixture.ok(&people[0], Object::new("channels.createChannel").with("megagroup", true).with("title", "Big").with("about", ""));
        let big = input(made.objects("chats").next().unwrap());
        fixture.ok(&people[0], Object::new("channels.inviteToChannel").with("channel", as_channel(&big)).with("users", others));
        let mut channels = Vec::new();
        for (person, own) in people.iter().zip(&mut places) {
            own.push(club.clone());
            let dialogs = Object::new("messages.getDialogs").with("offset_date", 0).with("offset_id", 0).with("limit", 10).with("hash", 0);
            let dialogs = fixture.ok(person, dialogs.with("offset_peer", Object::new("inputPeerEmpty")));
            let found = dialogs.objects("chats").find(|chat| chat.is("channel")).unwrap();
            own.push(input(found));
            channels.push(BTreeMap::from([(found.long("id").unwrap(), input(found))]));
        }
        Self { fixture, people, places, channels, random_id: 0 }
    }

    /// A message id of a conversation, chosen by a number.
    fn pick(&self, who: usize, place: usize, which: usize) -> i32 {
        let input = &self.places[who][place];
        let peer = match input.name.as_str() {
            "inputPeerSelf" => Peer::User(self.people[who].id),
            "inputPeerUser" => Peer::User(input.long("user_id").unwrap()),
            "inputPeerChat" => Peer::Chat(input.long("chat_id").unwrap()),
            _ => Peer::Channel(input.long("channel_id").unwrap()),
        };
        let all = self.fixture.world.messages(self.people[who].id, peer);
        if all.is_empty() { 1 } else { all[which % all.len()].id }
    }

    fn request(&mut self, act: &Act) -> Option<(usize, Object)> {
        self.random_id += 1;
        let random_id = self.random_id;
        let at = |who: &usize, place: &usize| self.places[*who][*place].clone();
        Some(match act {
            Act::Send { who, place } => (*who, send(&at(who, place), &format!("text {random_id}"), random_id)),
            Act::Edit { who, place, which } => {
                let request = Object::new("messages.editMessage").with("peer", at(who, place)).with("id", self.pick(*who, *place, *which));
                (*who, request.with("message", format!("edit {random_id}")))
            }
            Act::Delete { who, place, which, revoke } => {
                let ids = vec![self.pick(*who, *place, *which)];
                let place = at(who, place);
                let request = if place.is("inputPeerChannel") {
                    Object::new("channels.deleteMessages").with("channel", as_channel(&place))
                } else {
                    Object::new("messages.deleteMessages").with("revoke", *revoke)
                };
                (*who, request.with("id", ids))
            }
            Act::Forward { who, from, which, to } => {
                let request = Object::new("messages.forwardMessages").with("from_peer", at(who, from)).with("to_peer", at(who, to));
                (*who, request.with("id", vec![self.pick(*who, *from, *which)]).with("random_id", vec![random_id]))
            }
            Act::Read { who, place } => {
                let place = at(who, place);
                let request = if place.is("inputPeerChannel") {
                    Object::new("channels.readHistory").with("channel", as_channel(&place))
                } else {
                    Object::new("messages.readHistory").with("peer", place)
                };
                (*who, request.with("max_id", 0))
            }
            Act::Pin { who, place, which } => {
                let request =
                    Object::new("messages.updatePinnedMessage").with("peer", at(who, place)).with("id", self.pick(*who, *place, *which));
                (*who, request)
            }
            Act::Sleep { .. } => return None,
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_sleeper_catches_up_with_a_listener(acts in proptest::collection::vec(act(), 1..60)) {
        let mut stage = Stage::new();
        // A second session of each account listens all the time. The first one acts, and sleeps between differences.
        let listeners: Vec<Session> = (0..3).map(|who| stage.fixture.again(stage.people[who].id)).collect();
        let mut awake: Vec<Client> = stage.people.iter().map(|person| Client::new(person.id)).collect();
        let channels = stage.channels.clone();
        for (client, session) in awake.iter_mut().zip(&listeners) {
            client.catch_up(&mut stage.fixture, session, &channels[0].keys().map(|id| (*id, stage.places[0][0].clone())).take(0).collect());
        }
        for (at, (client, session)) in awake.iter_mut().zip(&listeners).enumerate() {
            client.catch_up(&mut stage.fixture, session, &channels[at]);
        }
        let mut sleepers = awake.clone();
        stage.fixture.pushes();

        for act in &acts {
            if let Act::Sleep { who } = act {
                let person = stage.people[*who].clone();
                sleepers[*who].catch_up(&mut stage.fixture, &person, &channels[*who]);
                continue;
            }
            let Some((who, request)) = stage.request(act) else { continue };
            let person = stage.people[who].clone();
            // Refusals are part of life here: the message may be somebody else's, or gone.
            let _ = stage.fixture.call(&person, request);
            for push in stage.fixture.pushes() {
                for (client, session) in awake.iter_mut().zip(&listeners) {
                    if push.auth_key_id == session.caller.auth_key_id {
                        client.hear(&object(push.update.clone()));
                    }
                }
            }
        }
        for who in 0..3 {
            let person = stage.people[who].clone();
            sleepers[who].catch_up(&mut stage.fixture, &person, &channels[who]);
            prop_assert_eq!(&sleepers[who], &awake[who]);
            let known: Vec<(Peer, i32, String, i32)> =
                awake[who].messages.iter().map(|(&(_, id), (peer, text, edited))| (*peer, id, text.clone(), *edited)).collect();
            let mut known = known;
            known.sort();
            let truth: Vec<(Peer, i32, String, i32)> = stage
                .fixture
                .world
                .digest(person.id)
                .messages
                .into_iter()
                .map(|entry| (entry.peer, entry.id, entry.text, entry.edited))
                .collect();
            prop_assert_eq!(known, truth);
        }
    }
}
