//! A program that uses the manual's code. For each token on standard input it says whether it is accepted.
mod verify;

fn main() {
    let mut verifier = verify::Verifier::new().expect("the keys should be readable");
    for token in std::io::stdin().lines() {
        match verifier.verify(&token.expect("a line")) {
            Ok(claims) => {
                eprintln!("session {}", claims.sid);
                println!("accepted {}", claims.sub);
            }
            Err(error) => {
                eprintln!("{error}");
                println!("refused");
            }
        }
    }
}
