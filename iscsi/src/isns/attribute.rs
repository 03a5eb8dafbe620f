//! Attributes on the wire: tag, length, value.
//!
//! Owns the list form, both ways, and what a value must look like. A list whose lengths lie is refused as a whole; a value that is not
//! what its tag promises spoils itself only. Source: RFC 4171 sections 5.3 and 6.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

use super::tag::{Kind, Tag};

/// Why bytes are no list of attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Fewer bytes than tag and length take.
    #[error("an attribute is cut off")]
    Short,
    /// The value does not end where the list does.
    #[error("{tag} is said to have {len} bytes, and {left} follow")]
    Beyond {
        /// Of which attribute.
        tag: Tag,
        /// As told.
        len: u32,
        /// What there is.
        left: usize,
    },
    /// No multiple of four.
    #[error("{tag} has {len} bytes, which is no multiple of four")]
    Unaligned {
        /// Of which attribute.
        tag: Tag,
        /// As told.
        len: u32,
    },
}

/// Why a value is none of its tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadValue {
    /// Too long or too short.
    #[error("{tag} cannot have {len} bytes")]
    Length {
        /// Of which attribute.
        tag: Tag,
        /// As it is.
        len: usize,
    },
    /// Text that is no UTF-8, or has a NUL inside.
    #[error("{0} is no text")]
    NotText(Tag),
}

/// One attribute of a list.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// Which one.
    pub tag: Tag,
    /// Its value, padding included.
    pub value: &'a [u8],
}

impl<'a> Attribute<'a> {
    fn exactly<const N: usize>(self) -> Result<[u8; N], BadValue> {
        self.value.try_into().map_err(|_| self.bad_length())
    }

    const fn bad_length(self) -> BadValue {
        BadValue::Length {
            tag: self.tag,
            len: self.value.len(),
        }
    }

    /// A number.
    ///
    /// # Errors
    /// [`BadValue`]: it is not four bytes.
    pub fn number(self) -> Result<u32, BadValue> {
        self.exactly().map(u32::from_be_bytes)
    }

    /// A number of eight bytes.
    ///
    /// # Errors
    /// [`BadValue`]: it is not eight bytes.
    pub fn long(self) -> Result<u64, BadValue> {
        self.exactly().map(u64::from_be_bytes)
    }

    /// An address; ::ffff:a.b.c.d is a.b.c.d, and so is ::a.b.c.d (RFC 4291 section 2.5.5.1), as Open-iSNS' tools write it.
    ///
    /// # Errors
    /// [`BadValue`]: it is not sixteen bytes.
    pub fn address(self) -> Result<IpAddr, BadValue> {
        let bytes = self.exactly::<16>()?;
        let v6 = Ipv6Addr::from(bytes);
        Ok(match bytes {
            // Network 0 has no hosts: these are :: and ::1.
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ..] => IpAddr::V6(v6),
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d] => IpAddr::from([a, b, c, d]),
            _ => v6.to_ipv4_mapped().map_or(IpAddr::V6(v6), IpAddr::V4),
        })
    }

    /// A text without its padding.
    ///
    /// # Errors
    /// [`BadValue`]: it is no UTF-8, goes on behind a NUL, or is longer than its tag allows.
    pub fn text(self) -> Result<&'a str, BadValue> {
        if self.tag.row().is_some_and(|row| !row.fits(self.value.len())) {
            return Err(self.bad_length());
        }
        let end = self.value.iter().position(|byte| *byte == 0);
        let (text, padding) = self.value.split_at(end.unwrap_or(self.value.len()));
        if padding.iter().any(|byte| *byte != 0) {
            return Err(BadValue::NotText(self.tag));
        }
        str::from_utf8(text).map_err(|_| BadValue::NotText(self.tag))
    }
}

impl fmt::Debug for Attribute<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.tag.row().map_or(Kind::Opaque, |row| row.kind);
        write!(f, "{:?}", self.tag)?;
        match kind {
            _ if self.value.is_empty() => Ok(()),
            Kind::Number => write!(f, "={:?}", self.number()),
            Kind::Long => write!(f, "={:?}", self.long()),
            Kind::Address => write!(f, "={:?}", self.address()),
            Kind::Text => write!(f, "={:?}", self.text()),
            Kind::Nothing | Kind::Opaque => write!(f, "[{}]", self.value.len()),
        }
    }
}

const HEAD: usize = 8;

/// The first attribute and what follows it.
fn first(bytes: &[u8]) -> Result<Option<(Attribute<'_>, &[u8])>, Malformed> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let (head, rest) = bytes.split_first_chunk::<HEAD>().ok_or(Malformed::Short)?;
    let [t0, t1, t2, t3, l0, l1, l2, l3] = *head;
    let tag = Tag(u32::from_be_bytes([t0, t1, t2, t3]));
    let len = u32::from_be_bytes([l0, l1, l2, l3]);
    if !len.is_multiple_of(4) {
        return Err(Malformed::Unaligned { tag, len });
    }
    let left = rest.len();
    let (value, rest) = usize::try_from(len)
        .ok()
        .and_then(|len| rest.split_at_checked(len))
        .ok_or(Malformed::Beyond { tag, len, left })?;
    Ok(Some((Attribute { tag, value }, rest)))
}

/// A list whose lengths are right.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Attributes(Vec<u8>);

impl Attributes {
    /// Nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The list that stands in a message.
    ///
    /// # Errors
    /// [`Malformed`]: lengths lie.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, Malformed> {
        let mut rest = &bytes[..];
        while let Some((_, more)) = first(rest)? {
            rest = more;
        }
        Ok(Self(bytes))
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether there is nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The attributes in their order, delimiters among them.
    #[must_use]
    pub fn iter(&self) -> Iter<'_> {
        Iter(&self.0)
    }

    /// Adds an attribute as it is; a value whose length is no multiple of four is padded.
    pub fn push(&mut self, tag: Tag, value: &[u8]) -> &mut Self {
        let padding = value.len().next_multiple_of(4).saturating_sub(value.len());
        // No value of ours comes near to 4 GiB; one that does is left out rather than told a wrong length.
        if let Ok(len) = u32::try_from(value.len().saturating_add(padding)) {
            self.0.extend_from_slice(&tag.0.to_be_bytes());
            self.0.extend_from_slice(&len.to_be_bytes());
            self.0.extend_from_slice(value);
            self.0
                .extend_from_slice([0; 3].get(..padding).unwrap_or_default());
        }
        self
    }

    /// Adds an attribute without value: asks for it, or says that there is none.
    pub fn ask(&mut self, tag: Tag) -> &mut Self {
        self.push(tag, &[])
    }

    /// Adds the delimiter.
    pub fn delimiter(&mut self) -> &mut Self {
        self.ask(Tag::DELIMITER)
    }

    /// Adds a number.
    pub fn number(&mut self, tag: Tag, value: u32) -> &mut Self {
        self.push(tag, &value.to_be_bytes())
    }

    /// Adds a number of eight bytes.
    pub fn long(&mut self, tag: Tag, value: u64) -> &mut Self {
        self.push(tag, &value.to_be_bytes())
    }

    /// Adds an address, IPv4 as ::ffff:a.b.c.d.
    pub fn address(&mut self, tag: Tag, value: IpAddr) -> &mut Self {
        let v6 = match value {
            IpAddr::V4(v4) => v4.to_ipv6_mapped(),
            IpAddr::V6(v6) => v6,
        };
        self.push(tag, &v6.octets())
    }

    /// Adds a text with its NUL. A text that is longer than its tag allows is cut at a character.
    pub fn text(&mut self, tag: Tag, value: &str) -> &mut Self {
        let most = tag.row().map_or(usize::MAX, |row| row.max).saturating_sub(1);
        let cut = value.get(..value.floor_char_boundary(most)).unwrap_or_default();
        let mut bytes = cut.as_bytes().to_vec();
        bytes.push(0);
        self.push(tag, &bytes)
    }

    /// Adds everything of another list.
    pub fn extend<'a>(&mut self, others: impl IntoIterator<Item = Attribute<'a>>) -> &mut Self {
        for other in others {
            self.push(other.tag, other.value);
        }
        self
    }
}

impl fmt::Debug for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a> IntoIterator for &'a Attributes {
    type Item = Attribute<'a>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// The attributes of a list.
#[derive(Clone, Debug)]
pub struct Iter<'a>(&'a [u8]);

impl<'a> Iterator for Iter<'a> {
    type Item = Attribute<'a>;

    fn next(&mut self) -> Option<Attribute<'a>> {
        // The list was looked through when it was made.
        let (attribute, rest) = first(self.0).ok().flatten()?;
        self.0 = rest;
        Some(attribute)
    }
}
