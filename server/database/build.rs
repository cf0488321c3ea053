//! Migrations are compiled into the server, so a new one has to rebuild it.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
