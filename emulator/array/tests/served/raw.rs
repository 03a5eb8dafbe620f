//! An initiator that says exactly what it is told to, over TCP: PDUs out, PDUs in, bounded waits.

use std::io::{ErrorKind, IoSlice, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use iscsi::Isid;
use iscsi::buffer::NoBuffers;
use iscsi::digest::Digest;
use iscsi::framer::{Data, Place, Receiver, Step, Transmitter};
use iscsi::pdu::{
    Bhs, CommandFlags, LoginFlags, LoginRequest, LoginResponse, LogoutReason, LogoutRequest, Lun, NopOut,
    Opcode, OpcodeByte, RESERVED_TAG, ScsiCommand, Stage, TargetPdu, TextFlags, TextRequest,
};

use super::host::IQN;

pub(crate) type Pdu = (TargetPdu, Vec<u8>);

pub(crate) struct Raw {
    stream: TcpStream,
    tx: Transmitter,
    rx: Receiver,
    pub(crate) cmd_sn: u32,
}

impl Raw {
    pub(crate) fn connect(portal: SocketAddr) -> Self {
        let stream = TcpStream::connect(portal).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Self {
            stream,
            tx: Transmitter::new(),
            rx: Receiver::new(1 << 24),
            cmd_sn: 0xffff_fffc,
        }
    }

    /// Logged in to the target with these keys; and what it answered.
    pub(crate) fn login(portal: SocketAddr, keys: &[(&str, &str)]) -> (Self, String) {
        let mut pairs = vec![
            ("InitiatorName", "iqn.2026-11.org.example:raw"),
            ("TargetName", IQN),
        ];
        pairs.extend_from_slice(keys);
        Self::login_as(portal, &pairs)
    }

    pub(crate) fn login_as(portal: SocketAddr, pairs: &[(&str, &str)]) -> (Self, String) {
        let mut raw = Self::connect(portal);
        let flags = LoginFlags::transit(Stage::OPERATIONAL, Stage::FULL_FEATURE);
        let (response, text) = raw.login_step(flags, pairs);
        assert!(response.status.is_success(), "{:?} {text}", response.status);
        assert_eq!(response.flags.next(), Stage::FULL_FEATURE);
        let digest = |name: &str| {
            if text.contains(&format!("{name}=CRC32C;")) {
                Digest::Crc32c
            } else {
                Digest::None
            }
        };
        let (header, data) = (digest("HeaderDigest"), digest("DataDigest"));
        raw.tx.set_digests(header, data);
        raw.rx.set_digests(header, data);
        (raw, text)
    }

    /// One login request and its response; the text with `;` for NUL.
    pub(crate) fn login_step(
        &mut self,
        flags: LoginFlags,
        pairs: &[(&str, &str)],
    ) -> (LoginResponse, String) {
        let request = LoginRequest {
            opcode: OpcodeByte::immediate(Opcode::LOGIN_REQUEST),
            flags,
            isid: Isid([0, 2, 0x3d, 0, 0, 99]),
            itt: 7.into(),
            cid: 1.into(),
            cmd_sn: self.cmd_sn.into(),
            ..LoginRequest::default()
        };
        let text: String = pairs
            .iter()
            .map(|(key, value)| format!("{key}={value}\0"))
            .collect();
        self.say(request.to_bhs(), text.as_bytes());
        match self.hear() {
            (TargetPdu::LoginResponse(response), text) => {
                (response, String::from_utf8(text).unwrap().replace('\0', ";"))
            }
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn say(&mut self, bhs: Bhs, data: &[u8]) {
        let bytes = self.bytes_of(bhs, data);
        self.write(&bytes);
    }

    /// What saying it takes, digests included.
    pub(crate) fn bytes_of(&mut self, bhs: Bhs, data: &[u8]) -> Vec<u8> {
        self.tx.push(bhs, &[], Data::Bytes(data), &NoBuffers);
        let mut slices: Vec<IoSlice<'_>> = Vec::new();
        self.tx.write_slices(&NoBuffers, &mut slices);
        let bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
        self.tx.sent(bytes.len());
        bytes
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// The next PDU; `None` if the target closed.
    pub(crate) fn listen(&mut self) -> Option<Pdu> {
        loop {
            match self.rx.poll().unwrap() {
                Some(Step::Header) => self.rx.place(Place::Inline),
                Some(Step::Pdu) => {
                    assert!(self.rx.data_digest_ok());
                    let pdu = (TargetPdu::decode(self.rx.bhs()), self.rx.data().to_vec());
                    self.rx.next();
                    return Some(pdu);
                }
                None => {
                    let mut none = NoBuffers;
                    let n = match self.stream.read(self.rx.slot(&mut none)) {
                        Ok(0) => return None,
                        Ok(n) => n,
                        Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
                        Err(error) => panic!("the target says nothing: {error}"),
                    };
                    self.rx.received(n, &NoBuffers);
                }
            }
        }
    }

    pub(crate) fn hear(&mut self) -> Pdu {
        self.listen().expect("the target closed")
    }

    const fn number(&mut self) -> u32 {
        let number = self.cmd_sn;
        self.cmd_sn = number.wrapping_add(1);
        number
    }

    /// A READ(10) or WRITE(10) of whole blocks at block 0 of unit 0.
    pub(crate) fn command(&mut self, itt: u32, flags: CommandFlags, len: usize) -> Bhs {
        let write = flags.contains(CommandFlags::WRITE);
        let blocks = u16::try_from(len / 512).unwrap().to_be_bytes();
        let mut command = ScsiCommand {
            opcode: Opcode::SCSI_COMMAND.into(),
            flags,
            lun: Lun::flat(0),
            itt: itt.into(),
            expected_length: u32::try_from(len).unwrap().into(),
            cmd_sn: self.number().into(),
            ..ScsiCommand::default()
        };
        command.cdb[0] = if write { 0x2a } else { 0x28 };
        command.cdb[7..9].copy_from_slice(&blocks);
        command.to_bhs()
    }

    /// Takes the unit attention of unit 0.
    pub(crate) fn settle(&mut self) {
        let mut command = ScsiCommand::from_bhs(&self.command(0x5e77, CommandFlags::FINAL, 0));
        command.cdb = [0; 16];
        self.say(command.to_bhs(), b"");
        assert!(matches!(self.hear().0, TargetPdu::ScsiResponse(response) if response.status == 2));
    }

    pub(crate) fn ping(&mut self, itt: u32, immediate: bool, data: &[u8]) {
        let opcode = if immediate {
            OpcodeByte::immediate(Opcode::NOP_OUT)
        } else {
            OpcodeByte::queued(Opcode::NOP_OUT)
        };
        let cmd_sn = if immediate { self.cmd_sn } else { self.number() };
        let pdu = NopOut {
            opcode,
            flags: 0x80,
            itt: itt.into(),
            ttt: RESERVED_TAG.into(),
            cmd_sn: cmd_sn.into(),
            ..NopOut::default()
        };
        self.say(pdu.to_bhs(), data);
    }

    pub(crate) fn text(&mut self, text: &str) {
        let pdu = TextRequest {
            opcode: OpcodeByte::immediate(Opcode::TEXT_REQUEST),
            flags: TextFlags::FINAL,
            itt: 70.into(),
            ttt: RESERVED_TAG.into(),
            cmd_sn: self.cmd_sn.into(),
            ..TextRequest::default()
        };
        self.say(pdu.to_bhs(), text.as_bytes());
    }

    pub(crate) fn logout(&mut self) {
        let pdu = LogoutRequest {
            opcode: OpcodeByte::immediate(Opcode::LOGOUT_REQUEST),
            flags: LogoutRequest::flags_of(LogoutReason::CLOSE_SESSION),
            itt: 71.into(),
            cid: 1.into(),
            cmd_sn: self.cmd_sn.into(),
            ..LogoutRequest::default()
        };
        self.say(pdu.to_bhs(), b"");
    }
}
