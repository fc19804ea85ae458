//! AES-256 in IGE (infinite garble extension) mode, in place.
//!
//! Each block is chained with the ciphertext and the plaintext of the block before:
//! `c[i] = E(p[i] ⊕ c[i-1]) ⊕ p[i-1]`. The 32 bytes of `iv` are `c[-1] ‖ p[-1]`. There is no authentication: what
//! decrypts is not yet what was sent, see [`message`](crate::message).

use std::fmt;

use aes::cipher::consts::U16;
use aes::cipher::{
    Array, BlockCipherDecBackend, BlockCipherDecClosure, BlockCipherDecrypt, BlockCipherEncBackend, BlockCipherEncClosure,
    BlockCipherEncrypt, BlockSizeUser, KeyInit,
};
use aes::{Aes256Dec, Aes256Enc};

/// The length of one AES block, in bytes.
pub const BLOCK: usize = 16;

/// Encrypts `data` in place.
///
/// ```
/// use quadruplex_crypto::ige;
///
/// let (key, iv) = ([1; 32], [2; 32]);
/// let mut data = *b"sixteen bytes...";
/// ige::encrypt(&key, &iv, &mut data)?;
/// assert_ne!(&data, b"sixteen bytes...");
/// ige::decrypt(&key, &iv, &mut data)?;
/// assert_eq!(&data, b"sixteen bytes...");
/// assert!(ige::encrypt(&key, &iv, &mut data[..15]).is_err());
/// # Ok::<(), ige::NotWholeBlocks>(())
/// ```
///
/// # Errors
/// [`NotWholeBlocks`] when the length is no multiple of 16; `data` is untouched then.
pub fn encrypt(key: &[u8; 32], iv: &[u8; 32], data: &mut [u8]) -> Result<(), NotWholeBlocks> {
    let blocks = whole_blocks(data)?;
    Aes256Enc::new(&Array(*key)).encrypt_with_backend(Chain { previous: split(iv), blocks });
    Ok(())
}

/// Decrypts `data` in place.
///
/// # Errors
/// [`NotWholeBlocks`] when the length is no multiple of 16; `data` is untouched then.
pub fn decrypt(key: &[u8; 32], iv: &[u8; 32], data: &mut [u8]) -> Result<(), NotWholeBlocks> {
    let blocks = whole_blocks(data)?;
    Aes256Dec::new(&Array(*key)).decrypt_with_backend(Chain { previous: split(iv), blocks });
    Ok(())
}

/// The data is not a whole number of 16-byte blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotWholeBlocks {
    /// The length that was given, in bytes.
    pub len: usize,
}

impl fmt::Display for NotWholeBlocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes are no whole number of 16-byte blocks", self.len)
    }
}

impl std::error::Error for NotWholeBlocks {}

/// The walk over the blocks. As a closure of the cipher it is compiled into the function that has AES instructions enabled,
/// so that neither key schedule nor dispatch is paid per block.
struct Chain<'a> {
    /// Ciphertext and plaintext of the block before.
    previous: (u128, u128),
    blocks: &'a mut [[u8; BLOCK]],
}

impl BlockSizeUser for Chain<'_> {
    type BlockSize = U16;
}

impl BlockCipherEncClosure for Chain<'_> {
    #[inline(always)]
    fn call<B: BlockCipherEncBackend<BlockSize = U16>>(self, aes: &B) {
        let (mut ciphertext, mut plaintext) = self.previous;
        for block in self.blocks {
            let next = u128::from_ne_bytes(*block);
            let mut work = Array((next ^ ciphertext).to_ne_bytes());
            aes.encrypt_block_inplace(&mut work);
            ciphertext = u128::from_ne_bytes(work.0) ^ plaintext;
            plaintext = next;
            *block = ciphertext.to_ne_bytes();
        }
    }
}

impl BlockCipherDecClosure for Chain<'_> {
    #[inline(always)]
    fn call<B: BlockCipherDecBackend<BlockSize = U16>>(self, aes: &B) {
        let (mut ciphertext, mut plaintext) = self.previous;
        for block in self.blocks {
            let next = u128::from_ne_bytes(*block);
            let mut work = Array((next ^ plaintext).to_ne_bytes());
            aes.decrypt_block_inplace(&mut work);
            plaintext = u128::from_ne_bytes(work.0) ^ ciphertext;
            ciphertext = next;
            *block = plaintext.to_ne_bytes();
        }
    }
}

fn whole_blocks(data: &mut [u8]) -> Result<&mut [[u8; BLOCK]], NotWholeBlocks> {
    let len = data.len();
    match data.as_chunks_mut() {
        (blocks, []) => Ok(blocks),
        _ => Err(NotWholeBlocks { len }),
    }
}

fn split(iv: &[u8; 32]) -> (u128, u128) {
    let half = |at: usize| u128::from_ne_bytes(std::array::from_fn(|i| iv[at + i]));
    (half(0), half(BLOCK))
}
