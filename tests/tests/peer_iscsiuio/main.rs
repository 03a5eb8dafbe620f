//! The stock iscsiuio where ours stands, on a card of memory: it logs in, and both say the same to the kernel and to iscsid.

mod control;
mod login;
mod paths;
mod sides;
