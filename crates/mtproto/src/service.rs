//! The messages by which the two ends keep the session in order
//! (<https://core.telegram.org/mtproto/service_messages>, <https://core.telegram.org/mtproto/service_messages_about_messages>).

use quadruplex_tl::{Deserialize, Error, Reader, Serialize, VECTOR};

use crate::Salt;

/// The id of `rpc_result#f35c6d01`.
pub const RPC_RESULT: u32 = 0xf35c_6d01;
/// The id of `rpc_error#2144ca19`.
pub const RPC_ERROR: u32 = 0x2144_ca19;

/// One `msgs_ack`, `msgs_state_req` or `msg_resend_req` names at the most so many messages.
pub(crate) const MAX_IDS: usize = 8192;

macro_rules! services {
    ($($(#[$doc:meta])* $name:ident = $id:literal { $($field:ident: $type:ty),* $(,)? })+) => {
        /// A service message.
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs, reason = "the names are the schema's")]
        pub enum Service {
            $($(#[$doc])* $name { $($field: $type),* },)+
        }

        impl Service {
            /// Reads a service message; `None` when the body is something else.
            ///
            /// # Errors
            /// The id of a service message with a body that is none.
            pub fn read(body: &[u8]) -> Result<Option<Self>, Error> {
                let mut reader = Reader::new(body);
                let service = match reader.peek_id() {
                    $(Some($id) => {
                        reader.u32(stringify!($name))?;
                        Self::$name { $($field: <$type as Field>::read(&mut reader, stringify!($name))?),* }
                    })+
                    _ => return Ok(None),
                };
                reader.finish()?;
                Ok(Some(service))
            }
        }

        impl Serialize for Service {
            fn serialize(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$name { $($field),* } => {
                        u32::serialize(&$id, out);
                        $($field.write(out);)*
                    })+
                }
            }
        }
    };
}

services! {
    MsgsAck = 0x62d6_b459 { msg_ids: Vec<i64> }
    BadMsgNotification = 0xa7ef_f811 { bad_msg_id: i64, bad_msg_seqno: i32, error_code: i32 }
    BadServerSalt = 0xedab_447b { bad_msg_id: i64, bad_msg_seqno: i32, error_code: i32, new_server_salt: i64 }
    MsgsStateReq = 0xda69_fb52 { msg_ids: Vec<i64> }
    MsgsStateInfo = 0x04de_b57d { req_msg_id: i64, info: Vec<u8> }
    MsgsAllInfo = 0x8cc0_d131 { msg_ids: Vec<i64>, info: Vec<u8> }
    MsgDetailedInfo = 0x276d_3ec6 { msg_id: i64, answer_msg_id: i64, bytes: i32, status: i32 }
    MsgNewDetailedInfo = 0x809d_b6df { answer_msg_id: i64, bytes: i32, status: i32 }
    MsgResendReq = 0x7d86_1a08 { msg_ids: Vec<i64> }
    MsgResendAnsReq = 0x8610_baeb { msg_ids: Vec<i64> }
    RpcDropAnswer = 0x58e4_a740 { req_msg_id: i64 }
    RpcAnswerUnknown = 0x5e2a_d36e {}
    RpcAnswerDroppedRunning = 0xcd78_e586 {}
    RpcAnswerDropped = 0xa43a_d8b7 { msg_id: i64, seq_no: i32, bytes: i32 }
    GetFutureSalts = 0xb921_bd04 { num: u32 }
    FutureSalts = 0xae50_0895 { req_msg_id: i64, now: i32, salts: Vec<Salt> }
    Ping = 0x7abe_77ec { ping_id: i64 }
    PingDelayDisconnect = 0xf3427b8c { ping_id: i64, disconnect_delay: i32 }
    Pong = 0x3477_73c5 { msg_id: i64, ping_id: i64 }
    NewSessionCreated = 0x9ec2_0908 { first_msg_id: i64, unique_id: i64, server_salt: i64 }
    DestroySession = 0xe751_2126 { session_id: i64 }
    DestroySessionOk = 0xe22045fc { session_id: i64 }
    DestroySessionNone = 0x62d3_50c9 { session_id: i64 }
    HttpWait = 0x9299_359f { max_delay: i32, wait_after: i32, max_wait: i32 }
}

impl Service {
    /// Whether the receiver has to acknowledge it, which makes its sequence number odd. Queries that are answered by an
    /// `rpc_result` are; acknowledgements and notifications are not.
    pub(crate) const fn is_content_related(&self) -> bool {
        matches!(
            self,
            Self::RpcDropAnswer { .. }
                | Self::GetFutureSalts { .. }
                | Self::Ping { .. }
                | Self::PingDelayDisconnect { .. }
                | Self::DestroySession { .. }
                | Self::NewSessionCreated { .. }
        )
    }

    /// Whether it tells that a message was ignored.
    pub(crate) const fn is_refusal(&self) -> bool {
        matches!(self, Self::BadMsgNotification { .. } | Self::BadServerSalt { .. })
    }
}

impl Service {
    /// How many messages it is about, if it is one whose length is limited.
    pub(crate) fn names(&self) -> usize {
        match self {
            Self::MsgsAck { msg_ids }
            | Self::MsgsStateReq { msg_ids }
            | Self::MsgResendReq { msg_ids }
            | Self::MsgResendAnsReq { msg_ids } => msg_ids.len(),
            _ => 0,
        }
    }
}

/// The few shapes that fields of service messages have.
trait Field: Sized {
    fn read(reader: &mut Reader<'_>, what: &'static str) -> Result<Self, Error>;
    fn write(&self, out: &mut Vec<u8>);
}

macro_rules! plain_field {
    ($($type:ty),+) => {$(
        impl Field for $type {
            fn read(reader: &mut Reader<'_>, what: &'static str) -> Result<Self, Error> {
                Self::deserialize(reader).map_err(|error| error.of(what))
            }
            fn write(&self, out: &mut Vec<u8>) {
                self.serialize(out);
            }
        }
    )+};
}
plain_field!(i32, u32, i64, Vec<u8>);

impl Field for Vec<i64> {
    fn read(reader: &mut Reader<'_>, what: &'static str) -> Result<Self, Error> {
        let len = reader.vector_len(8, what)?;
        (0..len).map(|_| reader.array(what).map(i64::from_le_bytes)).collect()
    }
    fn write(&self, out: &mut Vec<u8>) {
        VECTOR.serialize(out);
        (self.len() as u32).serialize(out);
        self.iter().for_each(|id| id.serialize(out));
    }
}

/// `salts:vector<future_salt>`: both the vector and its items are bare.
impl Field for Vec<Salt> {
    fn read(reader: &mut Reader<'_>, what: &'static str) -> Result<Self, Error> {
        let len = reader.bare_vector_len(16, what)?;
        let mut salts = Self::with_capacity(len);
        for _ in 0..len {
            let valid_since = reader.u32(what)?;
            let valid_until = reader.u32(what)?;
            let salt = i64::from_le_bytes(reader.array(what)?);
            salts.push(Salt { valid_since, valid_until, salt });
        }
        Ok(salts)
    }
    fn write(&self, out: &mut Vec<u8>) {
        (self.len() as u32).serialize(out);
        for salt in self {
            salt.valid_since.serialize(out);
            salt.valid_until.serialize(out);
            salt.salt.serialize(out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(service: Service) {
        let bytes = service.to_bytes();
        assert_eq!(Service::read(&bytes).unwrap(), Some(service));
        for cut in 4..bytes.len() {
            assert!(Service::read(&bytes[..cut]).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn service_messages_round_trip_and_refuse_every_prefix() {
        check(Service::MsgsAck { msg_ids: vec![1, 2, i64::MAX] });
        check(Service::BadServerSalt { bad_msg_id: 4, bad_msg_seqno: 1, error_code: 48, new_server_salt: -7 });
        check(Service::MsgsStateInfo { req_msg_id: 8, info: vec![4; 300] });
        check(Service::FutureSalts { req_msg_id: 4, now: 9, salts: vec![Salt { valid_since: 1, valid_until: 2, salt: 3 }; 3] });
        check(Service::PingDelayDisconnect { ping_id: 5, disconnect_delay: 75 });
        check(Service::RpcAnswerUnknown {});
        assert_eq!(Service::read(&[1, 2, 3, 4]), Ok(None));
    }
}
