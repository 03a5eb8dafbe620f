//! Ports of the bnx2i class on a served directory: what a control plane and a network helper see of them.
//!
//! Each test names the kernel's file and symbol whose rule it holds the emulation to.

mod answering;
mod binding;
mod connect;
mod flap;
mod lab;
mod limits;
mod paths;
mod ring;
mod session;
mod tree;
