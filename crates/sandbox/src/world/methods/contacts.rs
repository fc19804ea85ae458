//! `contacts.*`: finding people, and the address book.

use quadruplex_tl_schema::{Object, Value};

use super::super::accounts::digits;
use super::super::dispatch::{Access, Answer, Call, Method};
use super::super::fanout::{Fanout, Update};
use super::super::state::rows::{Contact, Peer, Status};
use super::super::view::bare_peer;
use super::super::{World, error};
use super::method;

pub(crate) const METHODS: &[Method] = &[
    method("contacts.addContact", Access::Home, add_contact),
    method("contacts.block", Access::Home, block),
    method("contacts.deleteContacts", Access::Home, delete_contacts),
    method("contacts.getBlocked", Access::Home, get_blocked),
    method("contacts.getContactIDs", Access::Home, contact_ids),
    method("contacts.getContacts", Access::Home, get_contacts),
    method("contacts.getStatuses", Access::Home, |_| Ok(Value::Vector(Vec::new()))),
    method("contacts.getTopPeers", Access::Home, |_| Ok(Object::new("contacts.topPeersDisabled").into())),
    method("contacts.importContacts", Access::Home, import_contacts),
    method("contacts.resolvePhone", Access::Home, resolve_phone),
    method("contacts.resolveUsername", Access::Home, resolve_username),
    method("contacts.search", Access::Home, search),
    method("contacts.unblock", Access::Home, unblock),
];

fn resolve_username(call: &mut Call<'_>) -> Answer {
    let name = call.text("username").trim_start_matches('@');
    super::super::accounts::check_username(name)?;
    let peer = call.world.by_username(name).ok_or(error::USERNAME_NOT_OCCUPIED)?;
    if let Peer::Channel(id) = peer
        && call.world.status(id, call.me) == Status::Banned
    {
        return Err(error::CHANNEL_PRIVATE);
    }
    Ok(resolved(call, peer))
}

fn resolve_phone(call: &mut Call<'_>) -> Answer {
    let user = call.world.by_phone(call.text("phone")).ok_or(error::PHONE_NOT_OCCUPIED)?;
    Ok(resolved(call, Peer::User(user)))
}

fn resolved(call: &Call<'_>, peer: Peer) -> Value {
    let mut view = call.world.view(call.me, call.date());
    let object = Object::new("contacts.resolvedPeer").with("peer", view.peer(peer));
    view.close(object).into()
}

fn get_contacts(call: &mut Call<'_>) -> Answer {
    let mut view = call.world.view(call.me, call.date());
    let contacts: Vec<i64> = call.world.contacts_of(call.me);
    view.mentioned.extend(contacts.iter().copied().map(Peer::User));
    let list: Value = contacts.iter().map(|id| contact(call.world, call.me, *id)).collect();
    Ok(Object::new("contacts.contacts").with("contacts", list).with("saved_count", 0).with("users", view.users()).into())
}

fn contact_ids(call: &mut Call<'_>) -> Answer {
    // The method is older than ids above 32 bits, and Telegram leaves those out.
    Ok(call.world.contacts_of(call.me).into_iter().filter_map(|id| i32::try_from(id).ok()).collect())
}

fn contact(world: &World, me: i64, id: i64) -> Object {
    let mutual = world.state.tables.contacts.get(&(id, me)).is_some_and(|note| note.contact);
    Object::new("contact").with("user_id", id).with("mutual", mutual)
}

fn import_contacts(call: &mut Call<'_>) -> Answer {
    let mut imported = Vec::new();
    let mut retry: Vec<i64> = Vec::new();
    let mut found = Vec::new();
    for input in call.request.objects("contacts") {
        let client_id = input.long("client_id").unwrap_or_default();
        let phone = digits(input.string("phone").unwrap_or_default());
        match call.world.by_phone(&phone).filter(|user| *user != call.me) {
            Some(user) => {
                let name = |field| input.string(field).unwrap_or_default().to_owned();
                call.world.note_contact(call.me, user, name("first_name"), name("last_name"));
                imported.push(Object::new("importedContact").with("user_id", user).with("client_id", client_id));
                found.push(user);
            }
            // A number without digits can never be found; any other one may belong to somebody later.
            None if phone.is_empty() => retry.push(client_id),
            None => {}
        }
    }
    let mut view = call.world.view(call.me, call.date());
    view.mentioned.extend(found.into_iter().map(Peer::User));
    let object = Object::new("contacts.importedContacts").with("imported", imported).with("popular_invites", Value::Vector(Vec::new()));
    Ok(object.with("retry_contacts", retry).with("users", view.users()).into())
}

fn add_contact(call: &mut Call<'_>) -> Answer {
    let user = call.world.input_user(call.me, call.object("id")?).map_err(|_| error::CONTACT_ID_INVALID)?;
    if user == call.me {
        return Err(error::CONTACT_ID_INVALID);
    }
    let (first, last) = (call.text("first_name").to_owned(), call.text("last_name").to_owned());
    call.world.note_contact(call.me, user, first, last);
    Ok(settings_changed(call, &[user]))
}

fn delete_contacts(call: &mut Call<'_>) -> Answer {
    let users: Vec<i64> = call.request.objects("id").filter_map(|input| call.world.input_user(call.me, input).ok()).collect();
    for user in &users {
        call.world.state.tables.contacts.entry_of(&(call.me, *user), |note| note.contact = false);
    }
    Ok(settings_changed(call, &users))
}

fn settings_changed(call: &mut Call<'_>, users: &[i64]) -> Value {
    let mut fanout = Fanout::default();
    for user in users {
        let object =
            Object::new("updatePeerSettings").with("peer", bare_peer(Peer::User(*user))).with("settings", Object::new("peerSettings"));
        fanout.tell(call.me, Update::Seq(object));
    }
    call.publish(fanout).into()
}

fn block(call: &mut Call<'_>) -> Answer {
    set_blocked(call, true)
}

fn unblock(call: &mut Call<'_>) -> Answer {
    set_blocked(call, false)
}

fn set_blocked(call: &mut Call<'_>, blocked: bool) -> Answer {
    let Peer::User(user) = call.world.input_peer(call.me, call.object("id")?)? else { return Err(error::PEER_ID_INVALID) };
    if user == call.me {
        return Err(error::PEER_ID_INVALID);
    }
    call.world.state.tables.contacts.entry(&(call.me, user)).blocked = blocked;
    let date = call.date();
    let mut fanout = Fanout::default();
    let mut object = Object::new("updatePeerBlocked").with("peer_id", bare_peer(Peer::User(user)));
    if blocked {
        object.set("blocked", true);
    }
    fanout.tell(call.me, Update::Seq(object));
    if call.world.is_bot(user) {
        let stopped = Object::new("updateBotStopped").with("user_id", call.me).with("date", date).with("stopped", blocked);
        let stopped = call.world.log_qts(user, date, stopped);
        fanout.tell(user, Update::Qts(stopped));
    }
    call.publish_all(fanout);
    Ok(true.into())
}

fn get_blocked(call: &mut Call<'_>) -> Answer {
    let mut view = call.world.view(call.me, call.date());
    let rows = call.world.state.tables.contacts.range((call.me, i64::MIN)..=(call.me, i64::MAX));
    let all: Vec<i64> = rows.filter(|(_, note)| note.blocked).map(|((_, user), _)| *user).collect();
    let page = all.iter().skip(call.int("offset").max(0) as usize).take(call.int("limit").clamp(0, 100) as usize);
    let blocked: Value =
        page.map(|user| Object::new("peerBlocked").with("peer_id", view.peer(Peer::User(*user))).with("date", call.date())).collect();
    Ok(view.close(Object::new("contacts.blocked").with("blocked", blocked)).into())
}

fn search(call: &mut Call<'_>) -> Answer {
    let wanted = call.text("q").trim_start_matches('@').to_lowercase();
    let limit = call.int("limit").clamp(1, 50) as usize;
    let mut view = call.world.view(call.me, call.date());
    let mine = call.world.contacts_of(call.me);
    let names = call.world.state.tables.usernames.range(wanted.clone()..).take_while(|(name, _)| name.starts_with(&wanted));
    let found: Vec<Peer> = names.map(|(_, name)| name.0).filter(|_| !wanted.is_empty()).take(limit).collect();
    let (known, others): (Vec<Peer>, Vec<Peer>) = found.into_iter().partition(|peer| mine.contains(&peer.id()));
    let known: Value = known.into_iter().map(|peer| view.peer(peer)).collect();
    let others: Value = others.into_iter().map(|peer| view.peer(peer)).collect();
    Ok(view.close(Object::new("contacts.found").with("my_results", known).with("results", others)).into())
}

impl World {
    /// The users in the address book of an account.
    pub(crate) fn contacts_of(&self, account: i64) -> Vec<i64> {
        let rows = self.state.tables.contacts.range((account, i64::MIN)..=(account, i64::MAX));
        rows.filter(|(_, note)| note.contact).map(|((_, user), _)| *user).collect()
    }

    fn note_contact(&mut self, account: i64, user: i64, first_name: String, last_name: String) {
        let note = self.state.tables.contacts.entry(&(account, user));
        *note = Contact { first_name, last_name, contact: true, blocked: note.blocked };
    }
}
