//! The TL objects of the exchange.

use quadruplex_tl::{Deserialize, Error, ErrorKind, Reader, Serialize, VECTOR};

use super::HandshakeError;
use super::secrets::NewNonce;

/// A constructor or function of the exchange.
pub(super) trait Message: Sized {
    const ID: u32;
    const NAME: &'static str;

    /// Reads the fields that follow the id.
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error>;

    fn write(&self, out: &mut Vec<u8>);

    /// The message with its id.
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(512);
        Self::ID.serialize(&mut out);
        self.write(&mut out);
        out
    }

    /// Reads a message with its id; what follows is left in `reader`.
    fn expect(reader: &mut Reader<'_>) -> Result<Self, HandshakeError> {
        let id = reader.u32(Self::NAME)?;
        if id == Self::ID { Ok(Self::read(reader)?) } else { Err(HandshakeError::Unexpected { expected: Self::NAME, id }) }
    }
}

macro_rules! messages {
    ($($name:ident = $tl:ident $id:literal { $($field:ident: $type:ty),* $(,)? })+) => {$(
        #[derive(Clone, Debug, PartialEq)]
        pub(super) struct $name { $(pub(super) $field: $type),* }

        impl Message for $name {
            const ID: u32 = $id;
            const NAME: &'static str = stringify!($tl);

            fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
                Ok(Self { $($field: Deserialize::deserialize(reader).map_err(|error| error.of(stringify!($tl)))?),* })
            }

            fn write(&self, out: &mut Vec<u8>) {
                $(self.$field.serialize(out);)*
            }
        }
    )+};
}

pub(super) type Int128 = [u8; 16];

messages! {
    ReqPq = req_pq 0x6046_9778 { nonce: Int128 }
    ReqPqMulti = req_pq_multi 0xbe7e_8ef1 { nonce: Int128 }
    ResPq = resPQ 0x0516_2463 { nonce: Int128, server_nonce: Int128, pq: Vec<u8>, fingerprints: Longs }
    PqInner = p_q_inner_data 0x83c9_5aec {
        pq: Vec<u8>, p: Vec<u8>, q: Vec<u8>, nonce: Int128, server_nonce: Int128, new_nonce: NewNonce,
    }
    PqInnerDc = p_q_inner_data_dc 0xa9f5_5f95 { data: PqInner, dc: i32 }
    PqInnerTemp = p_q_inner_data_temp 0x3c6a_84d4 { data: PqInner, expires_in: i32 }
    PqInnerTempDc = p_q_inner_data_temp_dc 0x56fd_df88 { data: PqInner, dc: i32, expires_in: i32 }
    ReqDhParams = req_DH_params 0xd712_e4be {
        nonce: Int128, server_nonce: Int128, p: Vec<u8>, q: Vec<u8>, fingerprint: u64, encrypted: Vec<u8>,
    }
    DhParamsFail = server_DH_params_fail 0x79cb_045d { nonce: Int128, server_nonce: Int128, new_nonce_hash: Int128 }
    DhParamsOk = server_DH_params_ok 0xd0e8_075c { nonce: Int128, server_nonce: Int128, encrypted: Vec<u8> }
    ServerDhInner = server_DH_inner_data 0xb589_0dba {
        nonce: Int128, server_nonce: Int128, g: u32, prime: Vec<u8>, g_a: Vec<u8>, server_time: u32,
    }
    SetClientDh = set_client_DH_params 0xf504_5f1f { nonce: Int128, server_nonce: Int128, encrypted: Vec<u8> }
    ClientDhInner = client_DH_inner_data 0x6643_b654 { nonce: Int128, server_nonce: Int128, retry_id: u64, g_b: Vec<u8> }
    DhGenOk = dh_gen_ok 0x3bcb_f734 { nonce: Int128, server_nonce: Int128, new_nonce_hash: Int128 }
    DhGenRetry = dh_gen_retry 0x46dc_1fb9 { nonce: Int128, server_nonce: Int128, new_nonce_hash: Int128 }
    DhGenFail = dh_gen_fail 0xa69d_ae02 { nonce: Int128, server_nonce: Int128, new_nonce_hash: Int128 }
}

/// `Vector<long>`
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Longs(pub(super) Vec<u64>);

impl Deserialize for Longs {
    fn deserialize(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let len = reader.vector_len(8, "Vector<long>")?;
        (0..len).map(|_| u64::deserialize(reader)).collect::<Result<_, _>>().map(Self)
    }
}

impl Serialize for Longs {
    fn serialize(&self, out: &mut Vec<u8>) {
        VECTOR.serialize(out);
        (self.0.len() as u32).serialize(out);
        self.0.iter().for_each(|long| long.serialize(out));
    }
}

// The fields of the oldest inner data stand first in all its successors.
impl Deserialize for PqInner {
    fn deserialize(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Self::read(reader)
    }
}

impl Serialize for PqInner {
    fn serialize(&self, out: &mut Vec<u8>) {
        self.write(out);
    }
}

/// The end of a message from a server: nothing may follow it.
pub(super) fn parse<T: Message>(body: &[u8]) -> Result<T, HandshakeError> {
    let mut reader = Reader::new(body);
    let message = T::expect(&mut reader)?;
    reader.finish()?;
    Ok(message)
}

/// A request; some clients pad it with random bytes.
pub(super) fn parse_padded<T: Message>(body: &[u8]) -> Result<T, HandshakeError> {
    T::expect(&mut Reader::new(body))
}

/// The id with which a message begins.
pub(super) fn id(body: &[u8], due: &'static str) -> Result<u32, HandshakeError> {
    let left = body.len();
    let missing = || Error { what: due, offset: 0, kind: ErrorKind::UnexpectedEnd { needed: 4, left } };
    Ok(Reader::new(body).peek_id().ok_or_else(missing)?)
}
