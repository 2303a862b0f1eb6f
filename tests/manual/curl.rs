//! A stand-in for curl with the options of the manual: `-s`, `-i`, `-X`, `-H`, `-d`, `-o`.

use std::{
    env,
    error::Error,
    fs,
    io::{self, Read, Write},
    net::TcpStream,
};

fn main() -> Result<(), Box<dyn Error>> {
    let (mut method, mut headers, mut body, mut file, mut url) = (None, Vec::new(), None, None, None);
    let mut shows_head = false;
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "-s" => {}
            "-i" | "-si" => shows_head = true,
            "-X" => method = Some(value()?),
            "-H" => headers.push(value()?),
            "-d" => body = Some(value()?),
            "-o" => file = Some(value()?),
            option if option.starts_with('-') => return Err(format!("the manual uses {option}: add it here").into()),
            _ => url = Some(argument),
        }
    }
    let url = url.ok_or("no URL")?;
    let rest = url.strip_prefix("http://").ok_or("not an http URL")?;
    let (host, path) = rest.split_once('/').ok_or("no path")?;
    let method = method.unwrap_or_else(|| if body.is_some() { "POST" } else { "GET" }.into());
    let body = body.unwrap_or_default();
    headers.extend([format!("Host: {host}"), format!("Content-Length: {}", body.len()), "Connection: close".into()]);

    let mut stream = TcpStream::connect(host)?;
    write!(stream, "{method} /{path} HTTP/1.1\r\n{}\r\n\r\n{body}", headers.join("\r\n"))?;
    let mut response = String::new();
    stream.read_to_string(&mut response)?;
    let (head, body) = response.split_once("\r\n\r\n").ok_or("no response")?;
    let mut shown = String::new();
    if shows_head {
        // curl keeps the connection.
        let lines = head.split("\r\n").filter(|line| !line.eq_ignore_ascii_case("connection: close"));
        shown = lines.map(|line| format!("{line}\r\n")).collect::<String>() + "\r\n";
    }
    shown += body;
    match file {
        Some(file) => fs::write(file, shown)?,
        None => io::stdout().write_all(shown.as_bytes())?,
    }
    Ok(())
}
