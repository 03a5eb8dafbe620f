//! A port of this machine that leads to the same port of another.
//!
//! The card of a guest calls targets from outside; hbactl, when it asks a target itself, calls from within. With this both find the
//! target at one address.

use std::io::{Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};

use anyhow::{Context, Result};

/// Leads every connection to `here` to the same port of `there`, for as long as the process lives.
///
/// # Errors
/// Somebody else listens there.
pub fn forward(here: SocketAddr, there: IpAddr) -> Result<()> {
    let listener = TcpListener::bind(here).with_context(|| format!("cannot listen at {here}"))?;
    let far = SocketAddr::new(there, here.port());
    std::thread::spawn(move || {
        for near in listener.incoming().map_while(Result::ok) {
            // Who cannot be led on is closed.
            let _ = TcpStream::connect(far).and_then(|far| both_ways(&near, &far));
        }
    });
    Ok(())
}

fn both_ways(near: &TcpStream, far: &TcpStream) -> std::io::Result<()> {
    for (from, to) in [(near, far), (far, near)] {
        let (mut from, mut to) = (from.try_clone()?, to.try_clone()?);
        std::thread::spawn(move || {
            let mut buffer = [0; 16 << 10];
            while let Ok(n @ 1..) = from.read(&mut buffer) {
                if to.write_all(&buffer[..n]).is_err() {
                    break;
                }
            }
            let _ = to.shutdown(Shutdown::Write);
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_go_both_ways_and_an_end_too() {
        let far = TcpListener::bind("127.0.0.2:0").unwrap();
        let port = far.local_addr().unwrap().port();
        let here = SocketAddr::new("127.0.0.3".parse().unwrap(), port);
        forward(here, "127.0.0.2".parse().unwrap()).unwrap();
        let mut near = TcpStream::connect(here).unwrap();
        let (mut answered, _) = far.accept().unwrap();
        near.write_all(b"ask").unwrap();
        near.shutdown(Shutdown::Write).unwrap();
        let mut asked = String::new();
        answered.read_to_string(&mut asked).unwrap();
        answered.write_all(b"answer").unwrap();
        drop(answered);
        let mut answer = String::new();
        near.read_to_string(&mut answer).unwrap();
        assert_eq!((asked.as_str(), answer.as_str()), ("ask", "answer"));
    }
}
