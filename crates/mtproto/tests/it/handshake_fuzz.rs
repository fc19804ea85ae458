use proptest::prelude::*;
use quadruplex_mtproto::handshake::{fuzzing, plain};

use crate::vectors::records;

proptest! {
    #[test]
    fn any_bytes_are_handled_without_a_panic(data: Vec<u8>) {
        fuzzing::client(&data);
        fuzzing::server(&data);
        fuzzing::inner(&data);
    }

    #[test]
    fn plain_messages_carry_their_body(msg_id: i64, words in 0_usize..100, tail in prop::collection::vec(any::<u8>(), 0..16)) {
        let body = vec![7; words * 4];
        let mut packet = Vec::new();
        plain::wrap(msg_id, &body, &mut packet);
        for cut in 0..packet.len() {
            prop_assert_eq!(plain::unwrap(&packet[..cut]), Err(plain::NotPlain));
        }
        packet.extend(tail);
        prop_assert_eq!(plain::unwrap(&packet), Ok((msg_id, &body[..])));
        packet[3] = 1;
        prop_assert_eq!(plain::unwrap(&packet), Err(plain::NotPlain));
    }

    #[test]
    fn real_messages_with_changes_are_handled_without_a_panic(
        which in 0_usize..6, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let record = &records(include_str!("vectors/auth_key.txt"))[0];
        let names = ["req_pq_multi", "res_pq", "req_dh_params", "dh_params_ok", "set_client_dh_params", "dh_gen_ok"];
        let mut message = record.bytes(names[which]).split_off(plain::HEADER);
        for (at, byte) in changes {
            let at = at.index(message.len());
            message[at] = byte;
        }
        let data = [&[255], &message[..]].concat();
        fuzzing::client(&data);
        fuzzing::server(&data);
        fuzzing::inner(&message);
    }
}
