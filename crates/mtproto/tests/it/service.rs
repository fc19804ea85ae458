//! The hand-written service messages against Telegram's schema of MTProto.

use quadruplex_mtproto::{Salt, Service};
use quadruplex_tl::{Reader, Serialize};
use quadruplex_tl_schema::builtin;

/// A service message is what the schema calls `name`: the same id, and nothing left over when the schema has read its fields.
#[track_caller]
fn check(name: &str, service: Service) {
    let schema = builtin::mtproto();
    let bytes = service.to_bytes();
    let mut reader = Reader::new(&bytes);
    let read = match schema.function(name) {
        Some(_) => schema.decode_function(&mut reader).expect("the schema reads the function"),
        None => {
            let definition = schema.constructor(name).expect("the schema has the constructor");
            let value = schema.decode_type(&definition.result, &mut reader).expect("the schema reads the constructor");
            value.as_object().expect("a constructor is an object").clone()
        }
    };
    assert_eq!(read.name.as_str(), name);
    reader.finish().expect("everything was read");
    assert_eq!(Service::read(&bytes).expect("it reads what it wrote"), Some(service));
}

#[test]
fn service_messages_are_those_of_the_schema() {
    check("msgs_ack", Service::MsgsAck { msg_ids: vec![1, -2] });
    check("bad_msg_notification", Service::BadMsgNotification { bad_msg_id: 4, bad_msg_seqno: 3, error_code: 32 });
    check("bad_server_salt", Service::BadServerSalt { bad_msg_id: 4, bad_msg_seqno: 3, error_code: 48, new_server_salt: -9 });
    check("msgs_state_req", Service::MsgsStateReq { msg_ids: vec![4, 8] });
    check("msgs_state_info", Service::MsgsStateInfo { req_msg_id: 4, info: vec![4, 1] });
    check("msgs_all_info", Service::MsgsAllInfo { msg_ids: vec![4], info: vec![4] });
    check("msg_detailed_info", Service::MsgDetailedInfo { msg_id: 4, answer_msg_id: 5, bytes: 9, status: 0 });
    check("msg_new_detailed_info", Service::MsgNewDetailedInfo { answer_msg_id: 5, bytes: 9, status: 0 });
    check("msg_resend_req", Service::MsgResendReq { msg_ids: vec![5] });
    check("rpc_drop_answer", Service::RpcDropAnswer { req_msg_id: 4 });
    check("rpc_answer_unknown", Service::RpcAnswerUnknown {});
    check("rpc_answer_dropped_running", Service::RpcAnswerDroppedRunning {});
    check("rpc_answer_dropped", Service::RpcAnswerDropped { msg_id: 5, seq_no: 1, bytes: 9 });
    check("get_future_salts", Service::GetFutureSalts { num: 64 });
    let salts = vec![Salt { valid_since: 1, valid_until: 2, salt: 3 }; 2];
    check("future_salts", Service::FutureSalts { req_msg_id: 4, now: 7, salts });
    check("ping", Service::Ping { ping_id: 7 });
    check("ping_delay_disconnect", Service::PingDelayDisconnect { ping_id: 7, disconnect_delay: 75 });
    check("pong", Service::Pong { msg_id: 4, ping_id: 7 });
    check("new_session_created", Service::NewSessionCreated { first_msg_id: 4, unique_id: 9, server_salt: -1 });
    check("destroy_session", Service::DestroySession { session_id: 6 });
    check("destroy_session_ok", Service::DestroySessionOk { session_id: 6 });
    check("destroy_session_none", Service::DestroySessionNone { session_id: 6 });
    check("http_wait", Service::HttpWait { max_delay: 1, wait_after: 2, max_wait: 3 });
}
