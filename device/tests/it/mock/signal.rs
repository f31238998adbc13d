//! A phone's Signal state, in memory.

use async_trait::async_trait;
use rand::rngs::StdRng;
use std::collections::HashMap;
use whatsapp_rust::wacore::libsignal::protocol::{
    CiphertextMessage, Direction, GenericSignedPreKey, IdentityChange, IdentityKey,
    IdentityKeyPair, IdentityKeyStore, KeyPair, PreKeyBundle, PreKeyId, PreKeyRecord,
    PreKeySignalMessage, PreKeyStore, ProtocolAddress, SessionRecord, SessionStore, SignalMessage,
    SignalProtocolError, SignedPreKeyId, SignedPreKeyRecord, SignedPreKeyStore, Timestamp,
    UsePQRatchet, message_decrypt_prekey, message_decrypt_signal, message_encrypt,
    process_prekey_bundle,
};

type Answer<T> = Result<T, SignalProtocolError>;

#[derive(Clone)]
struct Identities {
    own: IdentityKeyPair,
    registration: u32,
    known: HashMap<String, IdentityKey>,
}

#[derive(Clone, Default)]
struct Sessions(HashMap<String, SessionRecord>);

#[derive(Clone, Default)]
struct Prekeys(HashMap<u32, PreKeyRecord>);

#[derive(Clone, Default)]
struct SignedPrekeys(HashMap<u32, SignedPreKeyRecord>);

/// One device of a phone's owner.
pub(crate) struct Signal {
    identities: Identities,
    sessions: Sessions,
    prekeys: Prekeys,
    signed: SignedPrekeys,
    signed_public: Vec<u8>,
    signature: Vec<u8>,
    next_prekey: u32,
}

pub(crate) fn random() -> StdRng {
    rand::make_rng()
}

/// The server's prekey answer about a device, in raw bytes.
pub(crate) struct Published {
    pub(crate) registration: u32,
    pub(crate) identity: Vec<u8>,
    pub(crate) signed_prekey: (u32, Vec<u8>, Vec<u8>),
    pub(crate) prekey: (u32, Vec<u8>),
}

impl Signal {
    pub(crate) fn new() -> Self {
        let mut random = random();
        let own = IdentityKeyPair::generate(&mut random);
        let signed = KeyPair::generate(&mut random);
        let signature = own
            .private_key()
            .calculate_signature(&signed.public_key.serialize(), &mut random)
            .expect("a signature");
        let record = SignedPreKeyRecord::new(
            1.into(),
            Timestamp::from_epoch_millis(0),
            &signed,
            &signature,
        );
        Self {
            identities: Identities {
                own,
                registration: 4711,
                known: HashMap::new(),
            },
            sessions: Sessions::default(),
            prekeys: Prekeys::default(),
            signed: SignedPrekeys(HashMap::from([(1, record)])),
            signed_public: signed.public_key.public_key_bytes().to_vec(),
            signature: signature.to_vec(),
            next_prekey: 1,
        }
    }

    /// A bundle with a prekey that was never given out.
    pub(crate) fn publish(&mut self) -> Published {
        let id = self.next_prekey;
        self.next_prekey += 1;
        let pair = KeyPair::generate(&mut random());
        self.prekeys
            .0
            .insert(id, PreKeyRecord::new(id.into(), &pair));
        let identity = self.identities.own.identity_key().public_key();
        Published {
            registration: self.identities.registration,
            identity: identity.public_key_bytes().to_vec(),
            signed_prekey: (1, self.signed_public.clone(), self.signature.clone()),
            prekey: (id, pair.public_key.public_key_bytes().to_vec()),
        }
    }

    pub(crate) fn has_session(&self, with: &ProtocolAddress) -> bool {
        self.sessions.0.contains_key(with.as_str())
    }

    pub(crate) fn forget(&mut self, with: &ProtocolAddress) {
        self.sessions.0.remove(with.as_str());
    }

    pub(crate) async fn begin(&mut self, with: &ProtocolAddress, bundle: &PreKeyBundle) {
        process_prekey_bundle(
            with,
            &mut self.sessions,
            &mut self.identities,
            bundle,
            &mut random(),
            UsePQRatchet::No,
        )
        .await
        .expect("a session");
    }

    /// The kind and the bytes of an `enc` node.
    pub(crate) async fn encrypt(
        &mut self,
        to: &ProtocolAddress,
        plain: &[u8],
    ) -> (&'static str, Vec<u8>) {
        let sealed = message_encrypt(plain, to, &mut self.sessions, &mut self.identities).await;
        match sealed.expect("a message") {
            CiphertextMessage::PreKeySignalMessage(message) => {
                ("pkmsg", message.serialized().to_vec())
            }
            CiphertextMessage::SignalMessage(message) => ("msg", message.serialized().to_vec()),
            _ => unreachable!("a message to one person"),
        }
    }

    pub(crate) async fn decrypt(
        &mut self,
        from: &ProtocolAddress,
        kind: &str,
        sealed: &[u8],
    ) -> Vec<u8> {
        let opened = if kind == "pkmsg" {
            message_decrypt_prekey(
                &PreKeySignalMessage::try_from(sealed).expect("a first message"),
                from,
                &mut self.sessions,
                &mut self.identities,
                &mut self.prekeys,
                &self.signed,
                &mut random(),
                UsePQRatchet::No,
            )
            .await
        } else {
            message_decrypt_signal(
                &SignalMessage::try_from(sealed).expect("a message"),
                from,
                &mut self.sessions,
                &mut self.identities,
                &mut random(),
            )
            .await
        };
        opened.expect("a message that opens").plaintext.clone()
    }
}

#[async_trait]
impl IdentityKeyStore for Identities {
    async fn get_identity_key_pair(&self) -> Answer<IdentityKeyPair> {
        Ok(self.own.clone())
    }

    async fn get_local_registration_id(&self) -> Answer<u32> {
        Ok(self.registration)
    }

    async fn save_identity(
        &mut self,
        address: &ProtocolAddress,
        identity: &IdentityKey,
    ) -> Answer<IdentityChange> {
        self.known.insert(address.as_str().to_owned(), *identity);
        Ok(IdentityChange::NewOrUnchanged)
    }

    async fn is_trusted_identity(
        &self,
        _: &ProtocolAddress,
        _: &IdentityKey,
        _: Direction,
    ) -> Answer<bool> {
        Ok(true)
    }

    async fn get_identity(&self, address: &ProtocolAddress) -> Answer<Option<IdentityKey>> {
        Ok(self.known.get(address.as_str()).copied())
    }
}

#[async_trait]
impl SessionStore for Sessions {
    async fn load_session(&self, address: &ProtocolAddress) -> Answer<Option<SessionRecord>> {
        Ok(self.0.get(address.as_str()).cloned())
    }

    async fn has_session(&self, address: &ProtocolAddress) -> Answer<bool> {
        Ok(self.0.contains_key(address.as_str()))
    }

    async fn store_session(
        &mut self,
        address: &ProtocolAddress,
        record: SessionRecord,
    ) -> Answer<()> {
        self.0.insert(address.as_str().to_owned(), record);
        Ok(())
    }
}

#[async_trait]
impl PreKeyStore for Prekeys {
    async fn get_pre_key(&self, id: PreKeyId) -> Answer<PreKeyRecord> {
        let found = self.0.get(&u32::from(id)).cloned();
        found.ok_or(SignalProtocolError::InvalidPreKeyId)
    }

    async fn save_pre_key(&mut self, id: PreKeyId, record: &PreKeyRecord) -> Answer<()> {
        self.0.insert(u32::from(id), record.clone());
        Ok(())
    }

    async fn remove_pre_key(&mut self, id: PreKeyId) -> Answer<()> {
        self.0.remove(&u32::from(id));
        Ok(())
    }
}

#[async_trait]
impl SignedPreKeyStore for SignedPrekeys {
    async fn get_signed_pre_key(&self, id: SignedPreKeyId) -> Answer<SignedPreKeyRecord> {
        let found = self.0.get(&u32::from(id)).cloned();
        found.ok_or(SignalProtocolError::InvalidSignedPreKeyId)
    }

    async fn save_signed_pre_key(
        &mut self,
        id: SignedPreKeyId,
        record: &SignedPreKeyRecord,
    ) -> Answer<()> {
        self.0.insert(u32::from(id), record.clone());
        Ok(())
    }
}
