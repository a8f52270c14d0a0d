//! What the command prints, as a person sees it: `! ` marks what goes to stderr.

use harness::{Home, source};

mod branches;
mod documents;
mod failures;
mod sessions;

fn home() -> Home {
    let home = Home::new();
    home.source("src", &source! { "cats/1.png": "a cat", "cats/2.png": "another", "dogs/3.png": "a dog", "labels.csv": "file,label\n" });
    home.file("new", "new content");
    home
}

fn imported() -> Home {
    let home = home();
    home.ok("import pets src");
    home
}
