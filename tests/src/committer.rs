//! A process that only commits, made to be killed: it tells each commit once it was acknowledged.
//!
//! What it commits follows from the commit's number alone, see [`harness::commits`].

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let (Some(store), Some(limit)) = (args.next(), args.next().and_then(|text| text.parse().ok())) else {
        let _ = writeln!(std::io::stderr(), "usage: veneer-committer STORE HOW-MANY");
        return ExitCode::from(2);
    };
    let mut out = std::io::stdout();
    let ended = harness::commits::run(Path::new(&store), limit, |number, id| {
        // One write for each line: a line that was begun is whole.
        let told = out.write_all(format!("{number} {id}\n").as_bytes()).and_then(|()| out.flush());
        told.is_ok()
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::from(3)
        }
    }
}
