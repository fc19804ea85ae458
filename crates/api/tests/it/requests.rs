use quadruplex_api::functions::{InvokeWithTakeout, contacts, help, messages, phone};
use quadruplex_api::{Encode, Peers, Request, Wrapped, enums, types};
use quadruplex_tl::{Identifiable, Serialize};

/// Numbers from 1.
fn filled<R: Request>(mut request: R) -> R {
    let mut last = 0;
    request.fill_random(&mut || {
        last += 1;
        last
    });
    request
}

#[test]
fn random_ids_are_filled_once() {
    let send = filled(messages::SendMessage::new("me", "hi"));
    assert_eq!(send.random_id, 1);
    assert_eq!(filled(messages::SendMessage { random_id: 9, ..send }).random_id, 9);

    let forward = filled(messages::ForwardMessages::new("me", [5, 6, 7], "me"));
    assert_eq!(forward.random_id, [1, 2, 3]);
    assert_eq!(filled(messages::ForwardMessages { id: vec![5, 6, 7, 8], ..forward }).random_id, [1, 2, 3, 1]);

    let photo = || types::InputSingleMedia::new(types::InputMediaPhoto::new(enums::InputPhoto::Empty), "");
    let given = types::InputSingleMedia { random_id: 9, ..photo() };
    let album = filled(messages::SendMultiMedia::new("me", [photo(), given, photo()]));
    assert_eq!(album.multi_media.iter().map(|item| item.random_id).collect::<Vec<_>>(), [1, 9, 2]);

    let call = phone::RequestCall::new("@lena", [0; 32], types::PhoneCallProtocol::new(0, 1, ["1"]));
    assert_eq!(filled(call).random_id, 1);
}

#[test]
fn functions_without_a_random_id_take_none() {
    assert_eq!(filled(help::GetConfig), help::GetConfig);
}

#[test]
fn a_wrapper_goes_before_the_request() {
    let wrapped = Wrapped { wrapper: InvokeWithTakeout::new(9), request: contacts::GetContacts::new(3) };
    let mut out = Vec::new();
    wrapped.encode(&Peers::new(), &mut out);
    let mut expect = InvokeWithTakeout::new(9).to_bytes();
    contacts::GetContacts::new(3).encode(&Peers::new(), &mut expect);
    assert_eq!(out, expect);
    assert_eq!(<Wrapped<InvokeWithTakeout, contacts::GetContacts> as Identifiable>::NAME, "contacts.getContacts");
}
