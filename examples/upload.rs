//! Uploads a file that does not exist: the HTTP client reads a [`SyntheticFile`] as it would read any other.
//!
//! `cargo run --example upload -- s42-64MiB` sends it by PUT to a server of its own on 127.0.0.1, which hashes what
//! arrives, and compares. Exit code 1 means that the two differ.

use std::error::Error;
use std::io::{self, BufRead};
use std::process::ExitCode;
use std::thread;

use seedfs::content::SyntheticFile;
use sha2::{Digest, Sha256};

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<ExitCode, Failure> {
    let name = std::env::args().nth(1).unwrap_or_else(|| "s42-64MiB".into());
    let (sent, received) = upload(SyntheticFile::open(&name)?)?;
    println!("{sent}  {name} as generated\n{received}  {name} as received");
    Ok(if sent == received { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Uploads a file to a server in this process; returns the SHA-256 of its bytes and of those that arrived.
pub(crate) fn upload(file: SyntheticFile) -> Result<(String, String), Failure> {
    let server = tiny_http::Server::http("127.0.0.1:0")?;
    let address = server.server_addr().to_ip().ok_or("the server has no address")?;
    let receiver = thread::spawn(move || receive_one(&server));
    let url = format!("http://{address}/{}", file.recipe());
    let mut body = file.clone();
    let length = file.len().to_string();
    ureq::put(&url).header("Content-Length", &length).send(ureq::SendBody::from_reader(&mut body))?;
    let received = receiver.join().map_err(|_| "the server panicked")??;
    Ok((digest(file)?, received))
}

fn receive_one(server: &tiny_http::Server) -> Result<String, Failure> {
    let mut request = server.recv()?;
    let received = digest(io::BufReader::with_capacity(1 << 16, request.as_reader()))?;
    request.respond(tiny_http::Response::empty(201))?;
    Ok(received)
}

fn digest(mut reader: impl BufRead) -> io::Result<String> {
    let mut hasher = Sha256::new();
    loop {
        let ready = reader.fill_buf()?;
        if ready.is_empty() {
            return Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect());
        }
        hasher.update(ready);
        let len = ready.len();
        reader.consume(len);
    }
}
