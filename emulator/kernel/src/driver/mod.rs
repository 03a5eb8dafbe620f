//! Low-level drivers: each is a folder, knows the transport class and the mid layer, and no other driver.
//!
//! What a driver has to answer is [`crate::transport::LowLevelDriver`] and [`crate::midlayer::HostTemplate`].

pub(crate) mod bnx2i;
#[cfg(test)]
mod null;
pub(crate) mod qla4xxx;
pub(crate) mod tcp;
