//! Makes the folder of the Dashboard's pages, so that there is one to embed before they are built.

fn main() {
    println!("cargo:rerun-if-changed=dashboard/dist");
    // Without it the derive in `src/dashboard.rs` has nothing to look into, and says so.
    let _ = std::fs::create_dir_all("dashboard/dist");
}
