//! The interface on the wire.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;

use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::*;
use crate::ask::{Ask, PingAnswer};
use crate::daemon::{Report, Totals as DaemonTotals};

/// A client's calls one after the other, and what a daemon that answers with `answer` says.
fn calls(calls: &[Value], answer: impl Fn(Ask)) -> Vec<Value> {
    let (near, far) = UnixStream::pair().unwrap();
    let calls = calls.to_vec();
    let client = std::thread::spawn(move || {
        let mut answers = Vec::new();
        let mut reader = BufReader::new(near.try_clone().unwrap());
        for call in calls {
            (&near)
                .write_all(&[call.to_string().as_bytes(), b"\0"].concat())
                .unwrap();
            let mut bytes = Vec::new();
            // A server that is done with us ends the connection.
            let _ = reader.read_until(0, &mut bytes);
            bytes.pop();
            answers.push(serde_json::from_slice(&bytes).unwrap_or(Value::Null));
        }
        answers
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, async {
        far.set_nonblocking(true).unwrap();
        let (asks, mut asked) = mpsc::channel(1);
        let served = serve(tokio::net::UnixStream::from_std(far).unwrap(), asks);
        let daemon = async {
            while let Some(ask) = asked.recv().await {
                answer(ask);
            }
        };
        tokio::join!(served, daemon);
    });
    client.join().unwrap()
}

fn nobody(_: Ask) {}

#[test]
fn the_interface_is_the_golden_one() {
    let call = json!({
        "method": "org.varlink.service.GetInterfaceDescription",
        "parameters": { "interface": NAME },
    });
    let answers = calls(&[call], nobody);
    let description = answers[0]["parameters"]["description"]
        .as_str()
        .unwrap()
        .to_owned();
    insta::assert_snapshot!("io.hbactl.iscsiuio", description);
}

#[test]
fn it_says_what_it_is() {
    let answers = calls(&[json!({ "method": "org.varlink.service.GetInfo" })], nobody);
    let info = &answers[0]["parameters"];
    assert_eq!(info["product"], "iscsiuio");
    assert_eq!(info["interfaces"], json!([NAME, "org.varlink.service"]));
}

#[test]
fn ports_are_reported() {
    let report = |ask| {
        if let Ask::Report { answer } = ask {
            let totals = DaemonTotals {
                path_requests: 3,
                ..Default::default()
            };
            let _ = answer.send(Report {
                ports: Vec::new(),
                totals,
            });
        }
    };
    let answers = calls(&[json!({ "method": format!("{NAME}.GetPorts") })], report);
    assert_eq!(answers[0]["parameters"]["ports"], json!([]));
    assert_eq!(answers[0]["parameters"]["totals"]["path_requests"], 3);
}

#[test]
fn a_ping_is_answered_and_its_failures_are_errors_of_the_interface() {
    let daemon = |ask| {
        if let Ask::PingFrom { host, answer, .. } = ask {
            let (status, ping) = match host {
                1 => (
                    driver_sys::uip::Status::DeviceUp,
                    driver_sys::netlink::code::PingStatus::Success,
                ),
                2 => (
                    driver_sys::uip::Status::Err,
                    driver_sys::netlink::code::PingStatus::Timeout,
                ),
                _ => (
                    driver_sys::uip::Status::NotFound,
                    driver_sys::netlink::code::PingStatus::IpaddrInvalid,
                ),
            };
            let took = std::time::Duration::from_micros(250);
            let _ = answer.send(PingAnswer { status, ping, took });
        }
    };
    let ping = |host: u32, address: &str| {
        let parameters = json!({ "host": host, "vlan": 0, "address": address, "size": 56 });
        json!({ "method": format!("{NAME}.Ping"), "parameters": parameters })
    };
    let all = [
        ping(1, "192.0.2.1"),
        ping(2, "192.0.2.1"),
        ping(3, "192.0.2.1"),
        ping(1, "nobody"),
    ];
    let answers = calls(&all, daemon);
    let pong = json!({ "answered": true, "status": "ISCSI_PING_SUCCESS", "microseconds": 250 });
    assert_eq!(answers[0]["parameters"], pong);
    assert_eq!(answers[1]["parameters"]["status"], "ISCSI_PING_TIMEOUT");
    assert_eq!(answers[2]["error"], format!("{NAME}.NoSuchInterface"));
    assert_eq!(answers[2]["parameters"], json!({ "host": 3, "vlan": 0 }));
    assert_eq!(answers[3]["error"], format!("{NAME}.NoAddress"));
}

#[test]
fn a_message_that_is_too_long_ends_the_connection() {
    let long = json!({ "method": "x".repeat(70_000) });
    assert_eq!(calls(&[long], nobody), [Value::Null]);
}

#[test]
fn an_unknown_method_is_an_error() {
    let answers = calls(&[json!({ "method": format!("{NAME}.Reboot") })], nobody);
    assert_eq!(answers[0]["error"], "org.varlink.service.MethodNotFound");
}
